//! The files of `cos-thumbnailer render`: a source that no target may replace, and targets that are replaced as a whole.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cos_thumbnailer::text::Printable;
use tempfile::Builder;

/// The argument that stands for standard input and standard output.
const STANDARD_STREAM: &str = "-";

/// A source, open for reading.
pub(super) struct SourceFile {
    pub(super) name: String,
    pub(super) file: File,
    /// Bytes, unless the source is a pipe.
    pub(super) length: Option<u64>,
    identity: Option<Identity>,
}

impl SourceFile {
    /// Opens a file, or standard input.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if is_standard_stream(path) {
            let name = "standard input".to_owned();
            let file = duplicate(io::stdin()).context("standard input cannot be read")?;
            let identity = Identity::of_file(&file.metadata()?);
            return Ok(Self { name, file, length: None, identity });
        }
        let name = printable(path);
        let file = File::open(path).with_context(|| name.clone())?;
        let metadata = file.metadata().with_context(|| name.clone())?;
        let length = metadata.is_file().then_some(metadata.len());
        Ok(Self { name, file, length, identity: Identity::of_file(&metadata) })
    }
}

/// Identity of a file, whatever the spelling of its path.
#[derive(PartialEq)]
enum Identity {
    Existing {
        device: u64,
        inode: u64,
    },
    /// A file that does not exist yet, in a folder that does.
    New(PathBuf),
}

impl Identity {
    /// The identity of a regular file. Devices and pipes have no content that could be lost.
    fn of_file(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self::Existing { device: metadata.dev(), inode: metadata.ino() })
    }

    /// The identity of a target, unless it is impossible: writing it will tell why.
    fn of_target(target: &Path) -> Option<Self> {
        if is_standard_stream(target) {
            return Self::of_file(&duplicate(io::stdout()).ok()?.metadata().ok()?);
        }
        match fs::metadata(target) {
            Ok(metadata) => Self::of_file(&metadata),
            Err(_) => Some(Self::New(folder(target).canonicalize().ok()?.join(target.file_name()?))),
        }
    }
}

/// Refuses targets that are the source or each other, before anything is written.
pub(super) fn refuse_same_files(source: &SourceFile, targets: &[PathBuf]) -> Result<()> {
    let mut before: Vec<(&Path, Identity)> = Vec::new();
    for target in targets {
        let Some(identity) = Identity::of_target(target) else { continue };
        let name = name(target);
        if source.identity.as_ref() == Some(&identity) {
            bail!("{name} is the source itself, which a thumbnail would replace; name another file");
        }
        if let Some((other, _)) = before.iter().find(|(_, other)| *other == identity) {
            bail!(
                "{name} is the same file as {}; name a file of its own for each thumbnail",
                printable(other)
            );
        }
        before.push((target, identity));
    }
    let streams = targets.iter().filter(|target| is_standard_stream(target)).count();
    if streams > 1 {
        bail!("standard output takes one thumbnail; name files for the others");
    }
    Ok(())
}

/// `true` if an argument stands for standard input or standard output.
pub(super) fn is_standard_stream(path: &Path) -> bool {
    path == Path::new(STANDARD_STREAM)
}

/// The name of a target in messages.
pub(super) fn name(target: &Path) -> String {
    if is_standard_stream(target) { "standard output".to_owned() } else { printable(target) }
}

fn printable(path: &Path) -> String {
    Printable(&path.to_string_lossy()).to_string()
}

/// Writes a thumbnail to a file or to standard output.
pub(super) fn write(target: &Path, bytes: &[u8]) -> Result<()> {
    let result = if is_standard_stream(target) {
        let mut stdout = io::stdout();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    } else {
        replace(target, bytes)
    };
    result.with_context(|| format!("{} cannot be written", name(target)))
}

/// Writes a file beside the target and renames it, so that a target is either the older file or the complete new one.
fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let (path, permissions) = match fs::metadata(target) {
        Ok(metadata) if !metadata.is_file() => return fs::write(target, bytes),
        Ok(metadata) => {
            // A rename does not ask for the right to write to the file that it replaces.
            OpenOptions::new().write(true).open(target)?;
            (target.canonicalize()?, Some(metadata.permissions()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (target.to_owned(), None),
        Err(error) => return Err(error),
    };
    // The umask applies, as to every new file.
    let mut file = Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder(&path))?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(&path)?;
    Ok(())
}

/// The folder that a path is in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn duplicate(stream: impl AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}
