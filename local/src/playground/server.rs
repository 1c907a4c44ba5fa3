//! A running playground: its port, and what it was started with.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use crate::background::BackgroundRuntime;
use crate::cos::{Cos, EventNotification};
use crate::http;
use crate::playground::api;
use crate::playground::configuration::is_reserved;
use crate::playground::cos_client::CosClient;
use crate::playground::program::Program;
use crate::playground::rendering::PictureService;
use crate::playground::service::Service;
use crate::scf::ScfOptions;

/// Options of [`Playground::start`].
#[derive(Clone, Debug)]
pub struct PlaygroundOptions {
    /// The function, with credentials and address of the local COS. Its other variables are the settings with which the page
    /// begins.
    pub function: ScfOptions,
    /// Region of the local COS.
    pub region: String,
    /// Folder of photos that the page offers.
    pub photos: PathBuf,
    /// Port on 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    /// Clears the journal of the local COS before each run. Needed if nobody else does and the page stays open for long.
    pub clears_journal: bool,
}

/// A running playground. Dropping it closes the port and kills the function's process.
#[derive(Debug)]
pub struct Playground {
    address: SocketAddr,
    _background: BackgroundRuntime,
}

impl Playground {
    /// Starts the playground on threads of its own.
    ///
    /// # Errors
    /// When the port cannot be bound or the threads cannot be started.
    pub async fn start(cos: Arc<Cos>, options: PlaygroundOptions) -> io::Result<Self> {
        let PlaygroundOptions { mut function, region, photos, port, clears_journal } = options;
        let given = std::mem::take(&mut function.environment);
        let (environment, variables): (Vec<_>, Vec<_>) =
            given.into_iter().partition(|(name, _)| is_reserved(name));
        function.environment = environment;
        let background = BackgroundRuntime::new("playground")?;
        let (counted, changes) = watch::channel(0);
        background.spawn(count(cos.notifications(), counted));
        let program =
            Program { path: function.program.clone(), environment: of_commands(&function.environment) };
        let service = Arc::new(Service {
            client: CosClient::new(cos.address(), &cos.environment()),
            cos,
            pictures: PictureService::new(&program),
            program,
            template: function,
            variables,
            region,
            photos,
            uploads: Mutex::default(),
            function: tokio::sync::Mutex::default(),
            changes,
            clears_journal,
        });
        let listener = background.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let address = listener.local_addr()?;
        background.spawn(serve(listener, service, address.port()));
        Ok(Self { address, _background: background })
    }

    /// Returns the address of the page, `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address of [`Self::endpoint`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The variables that commands of the program need: those that lead to it, and neither credentials nor local addresses.
fn of_commands(environment: &[(String, String)]) -> Vec<(String, String)> {
    let is_private = |name: &str| name.starts_with("COS_") || name.starts_with("TENCENTCLOUD_");
    environment.iter().filter(|(name, _)| !is_private(name)).cloned().collect()
}

/// Counts the events of the COS until the future is dropped.
async fn count(mut notifications: UnboundedReceiver<EventNotification>, counted: watch::Sender<u64>) {
    while notifications.recv().await.is_some() {
        counted.send_modify(|count| *count = count.saturating_add(1));
    }
}

/// Serves the page until the future is dropped.
async fn serve(listener: TcpListener, service: Arc<Service>, port: u16) {
    let handler = move |request| api::handle(Arc::clone(&service), port, request);
    http::serve(&listener, handler, |socket| socket).await;
}
