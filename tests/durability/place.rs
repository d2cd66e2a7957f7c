//! A small disk of its own: a tmpfs in a mount namespace, which can be filled and made read-only.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The disk. It is gone with this.
pub(crate) struct SmallDisk {
    /// A process whose only purpose is that the namespace lives as long as it.
    holder: Child,
    folder: tempfile::TempDir,
    kinds: &'static [&'static str],
}

impl SmallDisk {
    /// A disk of 4 MiB; `None`, with a line that says so, where the system does not allow it.
    #[expect(clippy::print_stdout, reason = "who reads the output of the tests is to know what was left out")]
    pub(crate) fn new() -> Option<Self> {
        let found = Self::mounted(&[]).or_else(|| Self::mounted(&["--user"]));
        if found.is_none() {
            println!(
                "not tested, because this user may not mount a tmpfs in a namespace (`unshare --mount`)"
            );
        }
        found
    }

    /// In namespaces of these kinds besides that of mounts.
    fn mounted(kinds: &'static [&'static str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "mount -t tmpfs -o size=4m tmpfs \"$0\" && echo mounted && exec sleep infinity";
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount").args(kinds);
        if !kinds.is_empty() {
            unshare.arg("--map-root-user");
        }
        unshare.args(["sh", "-c", script]).arg(folder.path());
        let mut holder = unshare.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut line = String::new();
        let stdout = holder.stdout.take().expect("it is piped");
        let is_mounted = BufReader::new(stdout).read_line(&mut line).is_ok() && line == "mounted\n";
        let disk = Self { holder, folder, kinds };
        is_mounted.then_some(disk)
    }

    /// The folder where processes in the namespace have the disk.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command that is started where the disk is mounted.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        let holder = self.holder.id().to_string();
        command.args(["--mount", "--target", &holder]).args(self.kinds);
        if !self.kinds.is_empty() {
            command.arg("--preserve-credentials");
        }
        command.arg(program);
        command
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) {
        let mut file = std::fs::File::create(self.seen_from_here("fill")).expect("made");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Gives the room back.
    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.seen_from_here("fill")).expect("removed");
    }

    /// `ro` or `rw`; nobody may write to it at the time.
    pub(crate) fn remount(&self, how: &str) {
        let mut mount = self.command("mount");
        let done = mount.args(["-o", &format!("remount,{how}")]).arg(self.path()).status();
        assert!(done.expect("mount starts").success(), "remounting {how}");
    }

    fn seen_from_here(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().strip_prefix("/").expect("it is absolute");
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(folder).join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = (self.holder.kill(), self.holder.wait());
    }
}
