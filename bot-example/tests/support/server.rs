//! A server of the real program, its gateway, and the webhooks that reach it.

use dermawan::outbox::{Outbox, Sqlite};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PATH: &str = "jalan-yang-tak-tertebak-1";
pub const SECRET: &str = "rahasia-perangkat-0001";
pub const ADMIN: &str = "kunci-pengurus-000001";
pub const DEVICE: &str = "6281100000099";
/// Of the database, where a test has one.
pub const PASSWORD: &str = "s3cr3t-p@ss";
pub const BUDI: &str = "6281234567890";

/// A gateway that takes everything and remembers it.
pub struct Gateway {
    pub address: SocketAddr,
    accepted: Arc<Mutex<Vec<(String, String)>>>,
}

impl Gateway {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&accepted);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, shared) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || {
                    while let Some((_, body)) = read_request(&mut stream) {
                        let field = |name: &str| {
                            body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(decode)
                        };
                        let n = {
                            let mut accepted = shared.lock().unwrap();
                            if let (Some(to), Some(text)) = (field("target"), field("message")) {
                                accepted.push((to, text));
                            }
                            accepted.len()
                        };
                        let answer = format!(
                            "{{\"detail\":\"success! message in queue\",\"id\":[{n}],\"process\":\"pending\",\"status\":true,\
                             \"device_status\":\"connect\"}}"
                        );
                        let head = format!(
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                            answer.len()
                        );
                        if stream.write_all((head + &answer).as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, accepted }
    }

    /// Numbers and texts that it took.
    pub fn accepted(&self) -> Vec<(String, String)> {
        self.accepted.lock().unwrap().clone()
    }

    /// Waits until so many were taken.
    pub fn wait_for(&self, count: usize) -> Vec<(String, String)> {
        let begin = Instant::now();
        while self.accepted().len() < count {
            assert!(begin.elapsed() < Duration::from_mins(2), "{} of {count} were sent", self.accepted().len());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.accepted()
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'+' => out.push(b' '),
            b'%' => {
                out.push(u8::from_str_radix(&text[i + 1..i + 3], 16).unwrap());
                i += 2;
            }
            byte => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8(out).unwrap()
}

/// Head and body of a request; `None` at the end of the connection.
pub fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8_lossy(&body).into_owned()))
}

/// A running server.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub log: Arc<Mutex<String>>,
}

/// No job but loads, for which there is no source.
pub const QUIET: &str = "brief = false\nalerts = false\n";

/// A configuration with the gateway's address and a schedule.
pub fn configure(folder: &Path, gateway: &Gateway, schedule: &str) -> PathBuf {
    configure_for(folder, &gateway.address.to_string(), schedule)
}

/// The same for a gateway at an address.
pub fn configure_for(folder: &Path, gateway: &str, schedule: &str) -> PathBuf {
    let file = folder.join("dermawan.toml");
    let text = format!(
        "[organisation]\nadministrators = [\"6281100000001\"]\n\
         [server]\nlisten = \"127.0.0.1:0\"\nmessages_per_minute = 1000000\n\
         [transport]\nkind = \"fonnte\"\n[transport.fonnte]\nbase_url = \"http://{gateway}\"\ndevice = \"{DEVICE}\"\n\
         [outbox.pace]\ngap = {{ min_ms = 0, max_ms = 0 }}\nreply_gap = {{ min_ms = 0, max_ms = 0 }}\nrecipient_gap_ms = 0\n\
         quiet_hours = {{ from = \"00:00\", to = \"00:00\" }}\n[schedule]\n{schedule}"
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// The server's outbox, read beside it.
pub fn open_outbox(folder: &Path) -> Sqlite {
    Sqlite::open(folder.join("dermawan-outbox.sqlite")).unwrap()
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// A server for which it is this time now.
    pub fn at(folder: &Path, time: &str) -> Self {
        Self::start_with(folder, &["--clock", time])
    }

    pub fn start_with(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = super::program(folder);
        command
            .arg("serve")
            .args(arguments)
            .env("DERMAWAN_DATABASE_PASSWORD", PASSWORD)
            .env("DERMAWAN_WEBHOOK_TOKEN", PATH)
            .env("DERMAWAN_WEBHOOK_SECRET", SECRET)
            .env("DERMAWAN_FONNTE_TOKEN", "token-fonnte")
            .env("DERMAWAN_ADMIN_TOKEN", ADMIN);
        Self::spawn(command)
    }

    /// A server with an environment of its own.
    pub fn spawn(mut command: std::process::Command) -> Self {
        command.stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let mut address = None;
        for line in lines.by_ref() {
            let line = line.unwrap();
            log.lock().unwrap().push_str(&line);
            log.lock().unwrap().push('\n');
            let json: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if json["message"] == "serving" {
                address = json["address"].as_str().map(|text| text.parse().unwrap());
                break;
            }
        }
        let Some(address) = address else { panic!("it does not serve:\n{}", log.lock().unwrap()) };
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = shared.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, address, log }
    }

    /// SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// SIGTERM; the exit code and the log.
    pub fn stop(mut self) -> (Option<i32>, String) {
        let killed = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let code = self.child.wait().unwrap().code();
        std::thread::sleep(Duration::from_millis(50));
        let log = self.log.lock().unwrap().clone();
        (code, log)
    }

    /// Status and body of a request.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        request(self.address, method, path, headers, body).unwrap()
    }

    /// A webhook as the gateway sends it.
    pub fn hook(&self, body: &str) -> u16 {
        self.ask("POST", &format!("/webhook/{PATH}"), &[("Content-Type", "application/json")], body).0
    }

    /// A number of `/metrics`.
    pub fn metric(&self, name: &str) -> u64 {
        let (_, text) = self.ask("GET", "/metrics", &[("Authorization", &format!("Bearer {ADMIN}"))], "");
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Waits for a line of the log with this message.
    pub fn logged(&self, message: &str) -> serde_json::Value {
        let begin = Instant::now();
        loop {
            let log = self.log.lock().unwrap().clone();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            if let Some(line) = lines.into_iter().find(|line| line["message"] == message) {
                return line;
            }
            assert!(begin.elapsed() < Duration::from_mins(2), "no {message} in\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until what was due at the start is done.
    pub fn looked(&self) {
        self.until("the schedule is looked at", || self.metric("dermawan_schedule_looks_total") > 0);
        assert_eq!(self.metric("dermawan_jobs_total{outcome=\"failed\"}"), 0, "{}", self.log.lock().unwrap());
    }

    /// Waits until what was due at the start is done, what came in is answered, and nothing waits to be sent.
    pub fn quiet(&self, folder: &Path) {
        self.looked();
        self.settle();
        let outbox = open_outbox(folder);
        self.until("everything is sent", || outbox.counts(None).unwrap().is_over());
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let begin = Instant::now();
        while !holds() {
            assert!(begin.elapsed() < Duration::from_mins(2), "never: {what}\n{}", self.log.lock().unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until everything that came in is settled.
    pub fn settle(&self) {
        let begin = Instant::now();
        while self.metric("dermawan_inbox_backlog") > 0 {
            assert!(begin.elapsed() < Duration::from_mins(2));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A test that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request over one connection.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    let headers = headers.iter().fold(String::new(), |all, (name, value)| all + &format!("{name}: {value}\r\n"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("no answer"))?;
    Ok((status, answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned()))
}

/// What Fonnte sends for a message of now.
pub fn message(from: &str, text: &str, n: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    hook_of(DEVICE, from, text, n, now, SECRET)
}

pub fn hook_of(device: &str, from: &str, text: &str, n: u64, at: u64, secret: &str) -> String {
    serde_json::json!({
        "quick": false, "device": device, "pesan": text, "pengirim": from, "member": "", "message": text,
        "text": "non-button message", "sender": from, "name": "Budi", "location": "", "url": "", "type": "text",
        "inboxid": n, "isgroup": false, "isforwarded": false, "timestamp": at, "secret": secret
    })
    .to_string()
}
