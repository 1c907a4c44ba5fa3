//! Supervision of one function instance: it serves the runtime API, starts and replaces the process, and enforces limits.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::background::BackgroundRuntime;
use crate::header_case::{HeaderCaseSocket, HeaderStyle};
use crate::http;
use crate::scf::api;
use crate::scf::fault::RuntimeFault;
use crate::scf::instance::{Instance, PendingEvent};
use crate::scf::options::{HeaderCase, ScfOptions};
use crate::scf::outcome::{Invocation, Outcome};
use crate::scf::process::{Process, ProcessHandle, ProcessOptions};
use crate::scf::request_id;

/// Interval at which the memory of the process is checked, and a closed port is reopened.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A running function instance. Dropping it stops the runtime API and kills the process.
#[derive(Debug)]
pub struct Scf {
    options: ScfOptions,
    address: SocketAddr,
    instance: Arc<Instance>,
    /// The process. The lock lets one invocation run at a time.
    process: tokio::sync::Mutex<Option<Process>>,
    /// The latest process, which may have ended. Reachable while an invocation holds the lock.
    latest: Mutex<Option<ProcessHandle>>,
    starts: AtomicU64,
    outages: mpsc::UnboundedSender<Outage>,
    background: BackgroundRuntime,
}

/// Request to close the port of the runtime API for some time.
#[derive(Debug)]
struct Outage {
    duration: Duration,
    /// Notified when the port is closed.
    closed: oneshot::Sender<()>,
}

impl Scf {
    /// Starts the runtime API and the process, without waiting for `ready`.
    ///
    /// A program that cannot be started is no error here. As on the platform, every invocation reports it.
    ///
    /// # Errors
    /// When no port can be bound or the threads cannot be started.
    pub async fn start(options: ScfOptions) -> io::Result<Self> {
        let scf = Self::start_api(options).await?;
        if let Ok(process) = scf.start_process() {
            *scf.process.lock().await = Some(process);
        }
        Ok(scf)
    }

    /// Starts the runtime API only. The first invocation starts the process.
    pub(crate) async fn start_api(options: ScfOptions) -> io::Result<Self> {
        let background = BackgroundRuntime::new("scf")?;
        let listener = background.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        let instance = Arc::new(Instance::default());
        let style = match options.header_case {
            HeaderCase::Lower => HeaderStyle::Lower,
            HeaderCase::Mixed => HeaderStyle::Mixed,
        };
        let (outages, receiver) = mpsc::unbounded_channel();
        background.spawn(serve(listener, Arc::clone(&instance), style, receiver));
        Ok(Self {
            options,
            address,
            instance,
            process: tokio::sync::Mutex::default(),
            latest: Mutex::default(),
            starts: AtomicU64::new(0),
            outages,
            background,
        })
    }

    /// Invokes the function once and waits for the outcome. Starts a process if none runs.
    pub async fn invoke(&self, event: &str) -> Invocation {
        self.attempt(event, request_id::next()).await
    }

    /// Invokes the function as for asynchronous events: failed invocations are repeated with the same request id.
    /// Returns all invocations in order.
    pub async fn deliver(&self, event: &str) -> Vec<Invocation> {
        let first = self.invoke(event).await;
        let request_id = first.request_id.clone();
        let mut failed = !first.outcome.is_success();
        let mut invocations = vec![first];
        for _ in 0..self.options.retries {
            if !failed {
                break;
            }
            sleep(self.options.retry_delay).await;
            let next = self.attempt(event, request_id.clone()).await;
            failed = !next.outcome.is_success();
            invocations.push(next);
        }
        invocations
    }

    /// Invokes the function once under this request id.
    pub(crate) async fn attempt(&self, event: &str, request_id: String) -> Invocation {
        let mut held = self.process.lock().await;
        if let Some(process) = held.as_ref().filter(|_| self.instance.is_busy()) {
            // The future of an earlier invocation was dropped while the process worked on the event.
            process.handle.kill().await;
        }
        let mut invocation = Invocation::new(request_id);
        loop {
            if !held.as_ref().is_some_and(|process| process.handle.is_running()) {
                let begin = Instant::now();
                match self.start_process() {
                    Ok(process) => *held = Some(process),
                    Err(error) => {
                        let program = self.options.program.display();
                        invocation.outcome =
                            Outcome::StartFailed(format!("{program} cannot be started: {error}"));
                        return invocation;
                    }
                }
                invocation.init = Some(begin.elapsed());
            }
            let Some(process) = held.as_ref() else { return invocation };
            self.run_once(process, event, &mut invocation).await;
            if invocation.outcome.ends_process() {
                process.handle.kill().await;
            }
            invocation.log.extend(process.take_lines().await);
            if self.options.freeze && !invocation.outcome.ends_process() {
                process.freeze().await;
            }
            let fetched = self.instance.withdraw();
            // A process that exited without fetching the event is replaced, and the new one gets the event. A process
            // that was started by this invocation is not replaced, so the loop ends.
            if fetched || invocation.init.is_some() || !matches!(invocation.outcome, Outcome::Exited { .. }) {
                return invocation;
            }
        }
    }

    /// Delivers one event to a running process.
    async fn run_once(&self, process: &Process, event: &str, invocation: &mut Invocation) {
        if self.options.freeze {
            process.thaw().await;
        }
        let begin = Instant::now();
        if let Err(outcome) = self.wait_ready(process).await {
            invocation.outcome = outcome;
            return;
        }
        invocation.init = invocation.init.map(|spawn| spawn.saturating_add(begin.elapsed()));
        process.reset_peak();
        let issued = Instant::now();
        invocation.outcome = self.await_outcome(process, event, &invocation.request_id).await;
        invocation.elapsed = issued.elapsed();
        invocation.peak_rss = process.peak();
    }

    /// Waits for `ready`, for the end of the process, or for the initialisation timeout.
    async fn wait_ready(&self, process: &Process) -> Result<(), Outcome> {
        tokio::select! {
            () = self.instance.wait_ready() => Ok(()),
            code = process.handle.ended() => Err(Outcome::InitFailed { code }),
            () = sleep(self.options.init_limit) => Err(Outcome::InitFailed { code: None }),
        }
    }

    /// Makes the event available and waits for its outcome or for a limit.
    async fn await_outcome(&self, process: &Process, event: &str, request_id: &str) -> Outcome {
        self.instance.issue(PendingEvent {
            request_id: request_id.to_owned(),
            text: event.to_owned(),
            memory_mb: self.options.memory_mb,
            time_limit: self.options.time_limit,
        });
        tokio::select! {
            biased;
            outcome = self.instance.wait_outcome() => outcome,
            () = self.instance.wait_loss() => {
                process.handle.kill().await;
                Outcome::Exited { code: None }
            }
            code = process.handle.ended() => Outcome::Exited { code },
            () = self.watch_memory(process), if self.options.enforce_memory => Outcome::OutOfMemory,
            () = sleep(self.options.time_limit) => Outcome::TimedOut,
        }
    }

    /// Returns when the process exceeds its memory limit.
    async fn watch_memory(&self, process: &Process) {
        let limit = self.options.memory_mb.saturating_mul(1 << 20);
        while process.resident().is_none_or(|resident| resident <= limit) {
            sleep(POLL_INTERVAL).await;
        }
    }

    fn start_process(&self) -> io::Result<Process> {
        self.instance.begin();
        let process_options = ProcessOptions {
            path: self.options.program.clone(),
            arguments: self.options.args.clone(),
            environment: self.options.environment(self.address),
            folder: self.options.code_root.clone(),
            log_sink: self.options.log_sink.clone(),
        };
        let process = self.background.enter(|| process_options.start())?;
        self.starts.fetch_add(1, Ordering::Relaxed);
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(process.handle.clone());
        Ok(process)
    }

    /// Returns the id of the latest process, which may have ended.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.latest().map(|handle| handle.id())
    }

    /// Returns whether the process runs.
    pub(crate) fn is_running(&self) -> bool {
        self.latest().is_some_and(|handle| handle.is_running())
    }

    /// Returns whether the process has fetched an event and has not posted its outcome.
    pub(crate) fn is_working(&self) -> bool {
        self.instance.is_working() && self.is_running()
    }

    /// Kills the process with SIGKILL, also during an invocation, whose outcome is then [`Outcome::Exited`]. Returns its id,
    /// or `None` if no process runs.
    pub async fn kill(&self) -> Option<u32> {
        let handle = self.latest().filter(ProcessHandle::is_running)?;
        handle.kill().await;
        Some(handle.id())
    }

    fn latest(&self) -> Option<ProcessHandle> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how many processes were started.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Returns the address of the runtime API, `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Injects a fault of the runtime API.
    pub fn fail(&self, fault: RuntimeFault) {
        self.instance.fail(fault);
    }

    /// Removes all faults and returns them, with the calls that they still apply to.
    pub(crate) fn take_faults(&self) -> Vec<RuntimeFault> {
        self.instance.take_faults()
    }

    /// Closes the port and all connections of the runtime API for this time. Returns when the port is closed.
    pub async fn refuse_connections(&self, duration: Duration) {
        let (closed, wait) = oneshot::channel();
        if self.outages.send(Outage { duration, closed }).is_ok() {
            let _ = wait.await;
        }
    }

    /// Kills the process, as the platform does with idle instances. The next invocation starts a new one.
    pub async fn recycle(&self) {
        if let Some(process) = self.process.lock().await.take() {
            process.handle.kill().await;
        }
    }

    /// Kills the process and stops the runtime API.
    pub async fn stop(self) {
        self.recycle().await;
    }
}

/// Serves the runtime API, and closes its port during outages.
async fn serve(
    mut listener: TcpListener,
    instance: Arc<Instance>,
    style: HeaderStyle,
    mut outages: mpsc::UnboundedReceiver<Outage>,
) {
    let Ok(address) = listener.local_addr() else { return };
    loop {
        let shared = Arc::clone(&instance);
        let handler = move |request| api::handle(Arc::clone(&shared), request);
        let outage = tokio::select! {
            () = http::serve(&listener, handler, |socket| HeaderCaseSocket::new(socket, style)) => None,
            outage = outages.recv() => outage,
        };
        let Some(Outage { duration, closed }) = outage else { return };
        drop(listener);
        // Fails when the caller no longer waits.
        let _ = closed.send(());
        sleep(duration).await;
        listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => sleep(POLL_INTERVAL).await,
            }
        };
    }
}
