//! The program: the function itself without arguments, a tool with them.

mod command;

use std::ffi::OsStr;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::config::{Environment, Installation};
use cos_thumbnailer::function::Function;
use cos_thumbnailer::runtime::{Api, install_panic_hook, restart_with_small_heap, serve, signal_ready};
use cos_thumbnailer::text::Printable;
use lexopt::prelude::*;

const HELP: &str = include_str!("help.txt");

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let mut arguments = lexopt::Parser::from_env();
    match arguments.next()? {
        None => function(),
        Some(Long("help") | Short('h')) => print(HELP),
        Some(Long("version") | Short('V')) => print(&version()),
        Some(Value(name)) if name == "help" => help(arguments),
        Some(Value(name)) => run_command(&name, arguments),
        Some(other) => Err(other.unexpected()).context("see cos-thumbnailer --help"),
    }
}

fn run_command(name: &OsStr, arguments: lexopt::Parser) -> Result<ExitCode> {
    match name.to_str() {
        Some("check") => command::check::run(arguments),
        Some("doctor") => command::doctor::run(arguments),
        Some("policy") => command::deployment::policy(arguments),
        Some("render") => command::render::run(arguments),
        Some("schema") => command::schema::run(arguments),
        Some("sync") => command::sync::run(arguments),
        Some("triggers") => command::deployment::triggers(arguments),
        Some("verify") => command::sync::verify(arguments),
        _ => bail!("there is no command {}; see cos-thumbnailer --help", name.display()),
    }
}

/// The version, the commit if the build names it, and the features that the build chose.
fn version() -> String {
    let features = [
        ("asm", cfg!(feature = "asm")),
        ("heic", cfg!(feature = "heic")),
        ("image-webp", cfg!(feature = "image-webp")),
        ("jxl", cfg!(feature = "jxl")),
        ("libwebp", cfg!(feature = "libwebp")),
    ];
    let features: Vec<&str> = features.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    // scripts/package sets it. A build script would make every commit a new build, and need git.
    let commit = option_env!("COS_THUMBNAILER_COMMIT")
        .unwrap_or("unknown, as of every build but that of scripts/package from a Git checkout");
    format!("cos-thumbnailer {}\ncommit    {commit}\nfeatures  {features}\n", env!("CARGO_PKG_VERSION"))
}

/// Prints the help of the program, or that of the command that is named.
fn help(mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let command = match arguments.next()? {
        None => return print(HELP),
        Some(Value(name)) => name,
        Some(other) => return Err(other.unexpected()).context("see cos-thumbnailer --help"),
    };
    if let Some(other) = arguments.next()? {
        return Err(other.unexpected()).context("help explains one command; see cos-thumbnailer --help");
    }
    run_command(&command, lexopt::Parser::from_args(["--help"]))
}

/// Serves the platform until it ends the process.
fn function() -> Result<ExitCode> {
    let environment = Environment::of_process();
    let (Some(host), Some(port)) =
        (environment.get("SCF_RUNTIME_API"), environment.get("SCF_RUNTIME_API_PORT"))
    else {
        bail!(
            "SCF_RUNTIME_API and SCF_RUNTIME_API_PORT are not set: without arguments this is the function, which \
             the platform starts; on your own machine use scripts/invoke, or cos-thumbnailer render (see --help)"
        );
    };
    restart_with_small_heap();
    install_panic_hook();
    let api = Api::new(host, port)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    runtime.block_on(async {
        signal_ready(&api).await;
        let function = &Function::new(Installation::of_environment(&environment));
        serve(&api, |context, message| async move {
            function.handle(context, &message, &Environment::of_process()).await
        })
        .await;
    });
    // Only an answer that asks for a new instance ends the loop.
    Ok(ExitCode::FAILURE)
}

/// Tells an error on standard error.
fn complain(error: &anyhow::Error) {
    eprintln!("cos-thumbnailer: {}", Printable(&format!("{error:#}")));
}

fn print(text: &str) -> Result<ExitCode> {
    use std::io::Write as _;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
