//! `scf-local completion`: shell completion and the man pages, from the description of the commands.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;

/// Print shell completion, or the man pages.
#[derive(Args, Debug)]
pub(crate) struct CompletionOptions {
    /// Form of the text
    form: Form,
}

/// Form of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Form {
    Bash,
    Fish,
    Man,
    Zsh,
}

/// Runs the command for this description of the program.
pub(crate) fn run(options: &CompletionOptions, mut program: Command) -> Result<ExitCode> {
    let mut text = Vec::new();
    match options.form {
        Form::Bash => complete(Shell::Bash, &mut program, &mut text),
        Form::Fish => complete(Shell::Fish, &mut program, &mut text),
        Form::Man => write_pages(program, &mut text)?,
        Form::Zsh => complete(Shell::Zsh, &mut program, &mut text),
    }
    std::io::stdout().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn complete(shell: Shell, program: &mut Command, text: &mut Vec<u8>) {
    clap_complete::generate(shell, program, "scf-local", text);
}

/// Writes the page of the program and those of its commands, one after the other.
fn write_pages(mut program: Command, text: &mut Vec<u8>) -> Result<()> {
    program.build();
    let commands = program.get_subcommands().filter(|command| command.get_name() != "help");
    let pages: Vec<Command> = std::iter::once(program.clone()).chain(commands.cloned()).collect();
    for page in pages {
        clap_mangen::Man::new(page).render(text)?;
    }
    Ok(())
}
