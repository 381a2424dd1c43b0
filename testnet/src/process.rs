//! A program that runs beside the test: started, waited for by what it prints, ended in every way that an operating
//! system knows.
//!
//! Two threads read its streams, so that it never blocks on a full pipe. Dropping it kills it: a test that fails leaves
//! nothing running.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Trouble;
use crate::limits::{LINES_MAX, WAIT_MAX};

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    incoming: Receiver<Line>,
    printed: Vec<Line>,
    /// How many of the printed lines [`Process::wait_for_more`] has been through.
    passed: usize,
    wait_max: Duration,
}

/// A line that it printed, without the end of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    stream: Stream,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

/// How a program ended, and what it had printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, as the operating system numbers it: 9 after [`Process::kill`].
    pub signal: Option<i32>,
    /// Standard output, every line with its end.
    pub output: String,
    /// Standard error, every line with its end.
    pub error: String,
}

impl Process {
    /// Starts it, with nothing on its standard input.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(command: &mut Command) -> Result<Self, Trouble> {
        Self::begin(command.stdin(Stdio::null()))
    }

    /// Starts it, to be told by [`Process::say`] what to do.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_listening(command: &mut Command) -> Result<Self, Trouble> {
        Self::begin(command.stdin(Stdio::piped()))
    }

    fn begin(command: &mut Command) -> Result<Self, Trouble> {
        let name = command.get_program().to_string_lossy().into_owned();
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().map_err(|error| Trouble::Program {
            program: name.clone(),
            error,
        })?;
        let (sender, incoming) = channel();
        if let Some(output) = child.stdout.take() {
            read_lines(Stream::Output, output, sender.clone());
        }
        if let Some(error) = child.stderr.take() {
            read_lines(Stream::Error, error, sender);
        }
        Ok(Self {
            name,
            child,
            incoming,
            printed: Vec::new(),
            passed: 0,
            wait_max: WAIT_MAX,
        })
    }

    /// Starts it and waits for its end: for commands that do one thing.
    ///
    /// # Errors
    /// It does not start, or does not end within [`WAIT_MAX`].
    pub fn run(command: &mut Command) -> Result<Ended, Trouble> {
        Self::start(command)?.ended()
    }

    /// With another limit than [`WAIT_MAX`] for each wait.
    #[must_use]
    pub fn waiting_at_most(mut self, wait_max: Duration) -> Self {
        self.wait_max = wait_max;
        self
    }

    /// The number by which the operating system knows it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a line on either stream begins so, and returns that line. One that came earlier will do.
    ///
    /// # Errors
    /// It ended first, or the limit passed; both with all that it printed.
    pub fn wait_for(&mut self, beginning: &str) -> Result<String, Trouble> {
        self.wait_for_times(beginning, 1)
    }

    /// As [`Process::wait_for`], for the so-and-so-manieth such line, counted from 1.
    ///
    /// # Errors
    /// As there.
    pub fn wait_for_times(&mut self, beginning: &str, times: usize) -> Result<String, Trouble> {
        let deadline = Instant::now() + self.wait_max;
        let nth = times.saturating_sub(1);
        let mut searched = 0;
        let mut found = 0;
        loop {
            for line in self.printed.iter().skip(searched) {
                if line.text.starts_with(beginning) {
                    if found == nth {
                        return Ok(line.text.clone());
                    }
                    found += 1;
                }
            }
            searched = self.printed.len();
            match self.next_line(deadline) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Timeout) => return Err(self.quiet(beginning)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Trouble::EndedBefore {
                        program: self.name.clone(),
                        wanted: beginning.to_owned(),
                        printed: self.all_printed(),
                    });
                }
            }
        }
    }

    /// Waits for a line that holds `part` somewhere, and that no earlier call of this has been through: whoever looks at
    /// something, finds it not done, and calls this, sleeps until there is news, and misses none.
    ///
    /// # Errors
    /// As [`Process::wait_for`].
    pub fn wait_for_more(&mut self, part: &str) -> Result<String, Trouble> {
        self.next(part, |line| line.text.contains(part))
    }

    /// Waits for a line on its standard output that no earlier call of this or of [`Process::wait_for_more`] has been
    /// through.
    ///
    /// # Errors
    /// As [`Process::wait_for`].
    pub fn next_output(&mut self) -> Result<String, Trouble> {
        self.next("a line", |line| line.stream == Stream::Output)
    }

    fn next(&mut self, wanted: &str, fits: impl Fn(&Line) -> bool) -> Result<String, Trouble> {
        let deadline = Instant::now() + self.wait_max;
        loop {
            while let Some(line) = self.printed.get(self.passed) {
                self.passed += 1;
                if fits(line) {
                    return Ok(line.text.clone());
                }
            }
            match self.next_line(deadline) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Timeout) => return Err(self.quiet(wanted)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Trouble::EndedBefore {
                        program: self.name.clone(),
                        wanted: wanted.to_owned(),
                        printed: self.all_printed(),
                    });
                }
            }
        }
    }

    /// Writes a line to its standard input.
    ///
    /// # Errors
    /// It does not listen, any more or at all.
    pub fn say(&mut self, line: &str) -> Result<(), Trouble> {
        let nobody = std::io::ErrorKind::BrokenPipe.into();
        let said = match &mut self.child.stdin {
            Some(input) => writeln!(input, "{line}").and_then(|()| input.flush()),
            None => Err(nobody),
        };
        said.map_err(|error| self.trouble(error))
    }

    /// SIGTERM: it may finish what it has in hand.
    ///
    /// # Errors
    /// There is no shell to send it with, or no such process any more.
    pub fn terminate(&self) -> Result<(), Trouble> {
        self.signal("TERM")
    }

    /// SIGINT, as Ctrl-C sends it.
    ///
    /// # Errors
    /// As [`Process::terminate`].
    pub fn interrupt(&self) -> Result<(), Trouble> {
        self.signal("INT")
    }

    /// SIGKILL: it is gone at once and can finish nothing. Waits for that.
    ///
    /// # Errors
    /// The operating system does not say how it ended.
    pub fn kill(mut self) -> Result<Ended, Trouble> {
        self.child.kill().map_err(|error| self.trouble(error))?;
        self.ended()
    }

    /// Waits for its end: until both streams are closed, and then for its exit code. Whatever it started itself, and
    /// left behind with the same streams, is waited for too.
    ///
    /// # Errors
    /// The limit passed; then it is killed.
    pub fn ended(mut self) -> Result<Ended, Trouble> {
        let deadline = Instant::now() + self.wait_max;
        loop {
            match self.next_line(deadline) {
                Ok(line) => self.printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => return Err(self.quiet("its end")),
            }
        }
        let status = self.child.wait().map_err(|error| self.trouble(error))?;
        Ok(Ended::new(status, &self.printed))
    }

    fn next_line(&self, deadline: Instant) -> Result<Line, RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.incoming.recv_timeout(left)
    }

    /// Through a shell: it is everywhere, and the standard library sends no signal but SIGKILL.
    fn signal(&self, name: &str) -> Result<(), Trouble> {
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name])
            .arg(self.id().to_string())
            .stderr(Stdio::null())
            .status()
            .map_err(|error| self.trouble(error))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.trouble(std::io::ErrorKind::NotFound.into()))
        }
    }

    fn quiet(&self, wanted: &str) -> Trouble {
        Trouble::Quiet {
            program: self.name.clone(),
            wanted: wanted.to_owned(),
            seconds: self.wait_max.as_secs(),
            printed: self.all_printed(),
        }
    }

    fn trouble(&self, error: std::io::Error) -> Trouble {
        Trouble::Program {
            program: self.name.clone(),
            error,
        }
    }

    fn all_printed(&self) -> String {
        joined(self.printed.iter())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do, and nobody to tell.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    fn new(status: ExitStatus, printed: &[Line]) -> Self {
        let of = |stream| joined(printed.iter().filter(move |line| line.stream == stream));
        Self {
            code: status.code(),
            signal: status.signal(),
            output: of(Stream::Output),
            error: of(Stream::Error),
        }
    }
}

fn joined<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    lines.fold(String::new(), |text, line| text + &line.text + "\n")
}

/// Reads until the stream is closed, even when nobody wants the lines any more.
fn read_lines(stream: Stream, source: impl Read + Send + 'static, to: Sender<Line>) {
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut bytes = Vec::new();
        let mut lines = 0;
        while source
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\r', '\n']).to_owned();
            if lines < LINES_MAX {
                let _ = to.send(Line { stream, text });
            }
            lines += 1;
            bytes.clear();
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn shell(script: &str) -> Process {
        Process::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    /// Runs until it is ended: `read` from a stream that is never written to.
    const FOR_EVER: &str = "mkfifo \"$0.$$\"; exec 3<>\"$0.$$\"; rm \"$0.$$\"; read line <&3";

    fn for_ever(script: &str) -> (Process, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let script = script.replace("FOR_EVER", FOR_EVER);
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(dir.path().join("fifo"));
        (Process::start(&mut command).unwrap(), dir)
    }

    #[test]
    fn a_line_is_waited_for_on_both_streams_and_found_if_it_came_earlier() {
        let (mut process, _dir) = for_ever("echo first; echo ready at 127.0.0.1:1 >&2; FOR_EVER");
        let check = |process: &mut Process, beginning: &str, expected: &str| {
            assert_eq!(process.wait_for(beginning).unwrap(), expected);
        };
        check(&mut process, "ready", "ready at 127.0.0.1:1");
        check(&mut process, "fir", "first");
        check(&mut process, "ready", "ready at 127.0.0.1:1");
    }

    #[test]
    fn the_second_of_two_like_lines_can_be_waited_for() {
        let mut process = shell("echo round 1; echo other; echo round 2");
        assert_eq!(process.wait_for_times("round", 2).unwrap(), "round 2");
        assert_eq!(process.wait_for_times("round", 1).unwrap(), "round 1");
        let none = process.wait_for_times("round", 3).unwrap_err();
        assert_eq!(none.code(), "ended-before");
    }

    #[test]
    fn news_is_waited_for_once_for_each_line() {
        let mut process = shell("echo a 1; echo b; echo a 2 >&2; exit 0");
        let first = process.wait_for_more("a ").unwrap();
        let second = process.wait_for_more("a ").unwrap();
        // Two streams: their order is not known.
        let mut both = [first, second];
        both.sort();
        assert_eq!(both, ["a 1", "a 2"]);
        let none = process.wait_for_more("a ").unwrap_err();
        assert_eq!(none.code(), "ended-before");
    }

    #[test]
    fn who_listens_is_told_and_answers_on_its_standard_output() {
        let script = "while read line; do echo note >&2; echo \"heard $line\"; done";
        let mut command = Command::new("sh");
        let mut process = Process::start_listening(command.args(["-c", script])).unwrap();
        for word in ["one", "two"] {
            process.say(word).unwrap();
            assert_eq!(process.next_output().unwrap(), format!("heard {word}"));
        }
        let mut deaf = shell("exit 0");
        assert_eq!(deaf.say("one").unwrap_err().code(), "program");
    }

    #[test]
    fn who_ends_before_the_line_is_told_apart_from_who_is_quiet() {
        let error = shell("echo no; echo why >&2; exit 3")
            .wait_for("ready")
            .unwrap_err();
        assert_eq!(error.code(), "ended-before");
        let said = error.to_string();
        assert!(said.contains("no\n") && said.contains("why\n"), "{said}");

        let (process, _dir) = for_ever("echo busy; FOR_EVER");
        let mut process = process.waiting_at_most(Duration::from_secs(1));
        assert_eq!(process.wait_for("busy").unwrap(), "busy");
        assert_eq!(process.wait_for("ready").unwrap_err().code(), "quiet");
        assert_eq!(process.ended().unwrap_err().code(), "quiet");
    }

    #[test]
    fn what_it_printed_and_how_it_ended_is_kept_apart() {
        let ended =
            Process::run(Command::new("sh").args(["-c", "echo a; echo b >&2; printf c; exit 3"]));
        let expected = Ended {
            code: Some(3),
            signal: None,
            output: "a\nc\n".to_owned(),
            error: "b\n".to_owned(),
        };
        assert_eq!(ended.unwrap(), expected);
    }

    #[test]
    fn a_killed_process_finishes_nothing_and_a_terminated_one_may() {
        let script = "trap 'echo finished; exit 0' TERM INT; echo ready; FOR_EVER";
        let started = || {
            let (mut process, dir) = for_ever(script);
            process.wait_for("ready").unwrap();
            (process, dir)
        };
        let check = |ended: Ended, code, signal, output: &str| {
            let found = (ended.code, ended.signal, ended.output.as_str());
            assert_eq!(found, (code, signal, output));
        };
        let (process, _dir) = started();
        check(process.kill().unwrap(), None, Some(9), "ready\n");
        let (process, _dir) = started();
        process.terminate().unwrap();
        check(process.ended().unwrap(), Some(0), None, "ready\nfinished\n");
        let (process, _dir) = started();
        process.interrupt().unwrap();
        check(process.ended().unwrap(), Some(0), None, "ready\nfinished\n");
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let (process, _dir) = for_ever("FOR_EVER");
        let id = process.id();
        drop(process);
        let alive = Command::new("sh")
            .args(["-c", &format!("kill -0 {id} 2>&-")])
            .status();
        assert!(!alive.unwrap().success());
    }

    #[test]
    fn more_than_a_pipe_holds_does_not_stop_it() {
        let ended = shell("i=0; while [ $i -lt 5000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done")
            .ended()
            .unwrap();
        assert_eq!((ended.code, ended.output.lines().count()), (Some(0), 5000));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Process::start(&mut Command::new("/nowhere/comity")).unwrap_err();
        assert_eq!(error.code(), "program");
        assert!(error.to_string().contains("/nowhere/comity"));
    }
}
