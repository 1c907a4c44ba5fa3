//! One instance of a function: the runtime API, the process behind it, its limits, and its replacement.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::background::Background;
use crate::header_case::{Speller, Spelling};
use crate::http;
use crate::scf::api;
use crate::scf::fault::RuntimeFault;
use crate::scf::instance::{Event, Instance};
use crate::scf::options::{HeaderCase, ScfOptions};
use crate::scf::outcome::{Answer, Outcome};
use crate::scf::process::{Process, Program};

/// How often memory is looked at when its limit is enforced.
const MEMORY_LOOK: Duration = Duration::from_millis(5);

/// A running instance. Dropping it stops the API and kills the process.
#[derive(Debug)]
pub struct Scf {
    options: ScfOptions,
    address: SocketAddr,
    instance: Arc<Instance>,
    /// The process, and the lock that lets one invocation run at a time.
    process: tokio::sync::Mutex<Option<Process>>,
    process_id: Mutex<Option<u32>>,
    starts: AtomicU64,
    requests: AtomicU64,
    refuse: mpsc::UnboundedSender<(Duration, oneshot::Sender<()>)>,
    background: Background,
}

impl Scf {
    /// Starts the runtime API and the process, without waiting for `ready`.
    ///
    /// A program that cannot be started is not an error here: every invocation will say so, as on the platform.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(options: ScfOptions) -> io::Result<Self> {
        let background = Background::new("scf")?;
        let listener = background.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        let instance = Arc::new(Instance::default());
        let spelling = match options.header_case {
            HeaderCase::Lower => Spelling::Lower,
            HeaderCase::Mixed => Spelling::Mixed,
        };
        let (refuse, pauses) = mpsc::unbounded_channel();
        background.spawn(serve(listener, Arc::clone(&instance), spelling, pauses));
        let scf = Self {
            options,
            address,
            instance,
            process: tokio::sync::Mutex::default(),
            process_id: Mutex::default(),
            starts: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            refuse,
            background,
        };
        if let Ok(process) = scf.start_process() {
            *scf.process.lock().await = Some(process);
        }
        Ok(scf)
    }

    /// Invokes the function once and waits for the outcome, starting the process when none runs.
    pub async fn invoke(&self, event: &str) -> Answer {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("{:08x}-0000-4000-8000-{number:012x}", std::process::id());
        self.attempt(event, request_id).await
    }

    /// Invokes as the platform does for asynchronous events: failed attempts are repeated under the same id.
    /// Returns all attempts, the last one last.
    pub async fn deliver(&self, event: &str) -> Vec<Answer> {
        let first = self.invoke(event).await;
        let request_id = first.request_id.clone();
        let mut failed = !first.outcome.is_success();
        let mut answers = vec![first];
        for _ in 0..self.options.retries {
            if !failed {
                break;
            }
            sleep(self.options.retry_delay).await;
            let next = self.attempt(event, request_id.clone()).await;
            failed = !next.outcome.is_success();
            answers.push(next);
        }
        answers
    }

    async fn attempt(&self, event: &str, request_id: String) -> Answer {
        let mut held = self.process.lock().await;
        if let Some(process) = held.as_ref().filter(|_| self.instance.is_busy()) {
            // An invocation whose caller has gone away left it working.
            process.kill().await;
        }
        let mut answer = Answer::new(request_id);
        loop {
            if !held.as_ref().is_some_and(Process::is_running) {
                let begin = Instant::now();
                match self.start_process() {
                    Ok(process) => *held = Some(process),
                    Err(error) => {
                        let program = self.options.program.display();
                        answer.outcome =
                            Outcome::StartFailed(format!("{program} cannot be started: {error}"));
                        return answer;
                    }
                }
                answer.init = Some(begin.elapsed());
            }
            let Some(process) = held.as_ref() else { return answer };
            self.try_process(process, event, &mut answer).await;
            if answer.outcome.ends_process() {
                process.kill().await;
            }
            answer.log.extend(process.take_lines().await);
            if self.options.freeze && !answer.outcome.ends_process() {
                process.freeze().await;
            }
            let fetched = self.instance.withdraw();
            // A process that was on its way out never saw the event; a new one gets it. One that has just been
            // started and dies is not replaced: that would go on for ever.
            if fetched || answer.init.is_some() || !matches!(answer.outcome, Outcome::Exited { .. }) {
                return answer;
            }
        }
    }

    /// One event with one process that runs.
    async fn try_process(&self, process: &Process, event: &str, answer: &mut Answer) {
        if self.options.freeze {
            process.thaw().await;
        }
        let begin = Instant::now();
        if let Err(outcome) = self.wait_ready(process).await {
            answer.outcome = outcome;
            return;
        }
        answer.init = answer.init.map(|spawn| spawn.saturating_add(begin.elapsed()));
        process.reset_peak();
        let issued = Instant::now();
        answer.outcome = self.run(process, event, &answer.request_id).await;
        answer.elapsed = issued.elapsed();
        answer.peak_rss = process.peak();
    }

    async fn wait_ready(&self, process: &Process) -> Result<(), Outcome> {
        tokio::select! {
            () = self.instance.wait_ready() => Ok(()),
            code = process.ended() => Err(Outcome::InitFailed { code }),
            () = sleep(self.options.init_limit) => Err(Outcome::InitFailed { code: None }),
        }
    }

    async fn run(&self, process: &Process, event: &str, request_id: &str) -> Outcome {
        self.instance.issue(Event {
            request_id: request_id.to_owned(),
            text: event.to_owned(),
            memory_mb: self.options.memory_mb,
            time_limit: self.options.time_limit,
        });
        tokio::select! {
            biased;
            outcome = self.instance.wait_outcome() => outcome,
            code = process.ended() => Outcome::Exited { code },
            () = self.watch_memory(process), if self.options.enforce_memory => Outcome::OutOfMemory,
            () = sleep(self.options.time_limit) => Outcome::TimedOut,
        }
    }

    /// Returns when the process is over its memory limit.
    async fn watch_memory(&self, process: &Process) {
        let limit = self.options.memory_mb.saturating_mul(1 << 20);
        while process.resident().is_none_or(|resident| resident <= limit) {
            sleep(MEMORY_LOOK).await;
        }
    }

    fn start_process(&self) -> io::Result<Process> {
        self.instance.begin();
        let program = Program {
            path: self.options.program.clone(),
            arguments: self.options.args.clone(),
            environment: self.options.environment(self.address),
            folder: self.options.code_root.clone(),
            echo: self.options.echo,
        };
        let process = self.background.enter(|| program.start())?;
        self.starts.fetch_add(1, Ordering::Relaxed);
        *self.process_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(process.id());
        Ok(process)
    }

    /// The id of the latest process, running or not.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        *self.process_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many times a process was started.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// `http://127.0.0.1:<port>` of the runtime API.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a fault of the runtime API.
    pub fn fail(&self, fault: RuntimeFault) {
        self.instance.fail(fault);
    }

    /// Closes the port of the runtime API with all connections; it opens again after this time.
    /// Returns as soon as it is closed.
    pub async fn refuse_connections(&self, time: Duration) {
        let (closed, wait) = oneshot::channel();
        if self.refuse.send((time, closed)).is_ok() {
            let _ = wait.await;
        }
    }

    /// Kills the process, as when an idle instance is recycled. The next invocation starts a new one.
    pub async fn recycle(&self) {
        if let Some(process) = self.process.lock().await.take() {
            process.kill().await;
        }
    }

    /// Kills the process and stops the API.
    pub async fn stop(self) {
        self.recycle().await;
    }
}

/// Serves the API; closes the port for a while when told to.
async fn serve(
    mut listener: TcpListener,
    instance: Arc<Instance>,
    spelling: Spelling,
    mut pauses: mpsc::UnboundedReceiver<(Duration, oneshot::Sender<()>)>,
) {
    let Ok(address) = listener.local_addr() else { return };
    loop {
        let shared = Arc::clone(&instance);
        let handler = move |request| api::handle(Arc::clone(&shared), request);
        let pause = tokio::select! {
            () = http::serve(&listener, handler, |socket| Speller::new(socket, spelling)) => None,
            pause = pauses.recv() => pause,
        };
        let Some((time, closed)) = pause else { return };
        drop(listener);
        // Nobody waits any more when the caller was cancelled.
        let _ = closed.send(());
        sleep(time).await;
        listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => sleep(MEMORY_LOOK).await,
            }
        };
    }
}
