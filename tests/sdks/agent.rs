//! The scenario agent of an SDK as a child process: one JSON object a line to its standard input, one back for each.

mod commands;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use paste_tests::{process, tail};
use serde_json::{Value, json};

/// How long an answer may take beyond what the command itself takes. It bounds a failure; it measures nothing.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A running agent. Dropping it kills it.
pub struct Agent {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

impl Agent {
    /// Starts the program; what it logs goes to `log`.
    pub fn launch(mut command: Command, log: &Path) -> Self {
        let stderr = fs::File::create(log).expect("a log file");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let input = child.stdin.take().expect("it is piped");
        let output = child.stdout.take().expect("it is piped");
        let (sender, answers) = mpsc::channel();
        // It ends with the agent's standard output.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            answers,
        }
    }

    /// Gives a command that takes up to `duration` by itself; gives the answer, or the error in it.
    fn ask(&mut self, command: &Value, duration: Duration) -> Result<Value, String> {
        self.send(command);
        self.answer(command, duration)
    }

    fn send(&mut self, command: &Value) {
        let line = format!("{command}\n");
        let sent = self.input.write_all(line.as_bytes());
        sent.unwrap_or_else(|error| panic!("the agent doesn't hear {command}: {error}"));
    }

    fn answer(&mut self, command: &Value, duration: Duration) -> Result<Value, String> {
        let limit = ANSWER_LIMIT + duration;
        let line = self
            .answers
            .recv_timeout(limit)
            .unwrap_or_else(|error| panic!("no answer to {command} ({limit:?}): {error}"));
        let answer: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the answer to {command} is not JSON: {line}"));
        match answer.get("error") {
            None => Ok(answer),
            Some(error) => Err(error.as_str().map_or(error.to_string(), str::to_owned)),
        }
    }

    /// Gives a command that has to succeed.
    fn must(&mut self, command: &Value, duration: Duration) -> Value {
        self.ask(command, duration)
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Closes the client. It has to leave nothing behind, and the program has to end by itself, in good order.
    pub fn close(&mut self) {
        let begun = Instant::now();
        let answer = self.must(&json!({ "do": "close" }), Duration::ZERO);
        let took = begun.elapsed();
        // `close` takes at most 10 s by itself; the rest is the noise of a busy machine.
        assert!(took < Duration::from_secs(20), "`close` took {took:?}");
        let left = answer["left"].as_array().map(Vec::as_slice);
        assert_eq!(left, Some(&[][..]), "left behind by `close`: {answer}");
        let status = process::await_end(&mut self.child);
        assert!(status.success(), "after `close` it ended with {status}");
    }

    /// Ends it without warning.
    pub fn kill(&mut self) {
        self.child.kill().expect("a running child can be killed");
        self.child.wait().expect("a killed child can be reaped");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The end of what an agent logged.
pub fn logged(log: &Path) -> String {
    tail(&fs::read_to_string(log).unwrap_or_default())
}
