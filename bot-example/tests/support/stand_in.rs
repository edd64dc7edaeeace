//! The program's own stand-in for the gateway, as a process beside the server.

use super::program;
use super::server::{DEVICE, PATH, SECRET, Server, request};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A running stand-in; a test that fails leaves none behind.
pub struct StandIn {
    child: Child,
    pub address: SocketAddr,
}

/// A message that it took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub to: String,
    pub text: String,
    /// The bytes of the picture that came along.
    pub picture: Option<u64>,
}

impl StandIn {
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = program(folder)
            .args(["stand-in", "--listen", "127.0.0.1:0", "--token", "token-fonnte", "--device", DEVICE])
            .args(["--secret", SECRET, "--retry-every", "200"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        Self { address: address.parse().unwrap(), child }
    }

    /// Tells it where webhooks go.
    pub fn tell(&self, server: &Server) {
        self.set(&json!({"webhook": format!("http://{}/webhook/{PATH}", server.address)}));
    }

    /// Changes how it behaves.
    pub fn set(&self, change: &Value) {
        self.control("/control/state", change);
    }

    /// Plans a fault.
    pub fn fault(&self, plan: &Value) {
        self.control("/control/faults", plan);
    }

    /// Somebody types, at a time of the server's clock.
    pub fn say(&self, from: &str, text: &str, time: &str) {
        let at = time.parse::<jiff::Timestamp>().unwrap().as_second();
        self.control("/control/say", &json!({"from": from, "text": text, "fields": {"timestamp": at}}));
    }

    fn control(&self, path: &str, body: &Value) {
        let headers = [("Content-Type", "application/json")];
        let (status, answer) = request(self.address, "POST", path, &headers, &body.to_string()).unwrap();
        assert!(status == 200 || status == 204, "{status} {answer}");
    }

    /// Everything that it took over, in order.
    pub fn taken(&self) -> Vec<Taken> {
        let (_, body) = request(self.address, "GET", "/control/accepted", &[], "").unwrap();
        let taken = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |field: &str| line[field].as_str().unwrap().to_owned();
            Taken { to: text("target"), text: text("message"), picture: line["file"]["bytes"].as_u64() }
        };
        body.lines().map(taken).collect()
    }

    /// Waits until so many were taken.
    pub fn wait_for(&self, count: usize) -> Vec<Taken> {
        let begin = Instant::now();
        loop {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            assert!(begin.elapsed() < Duration::from_mins(2), "{} of {count} were taken", taken.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
