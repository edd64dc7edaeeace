//! A gateway over TCP that remembers what it took over, and the transport that speaks to it.

use dermawan::transport::{
    Accepted, Capabilities, Envelope, Event, Health, Hook, HookError, Pause, SendError, Transport,
};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What goes wrong at the gateway.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faults {
    None,
    All,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Answers that never came.
    pub(crate) lost: usize,
    /// Disconnects and quota stops that were answered.
    pub(crate) paused: usize,
    /// Refusals for the moment.
    pub(crate) retried: usize,
}

#[derive(Default)]
struct Book {
    taken: HashMap<String, usize>,
    tally: Tally,
    requests: usize,
    /// Answers that the device is disconnected, or the quota used up, until somebody asks for the line's health.
    down: Option<&'static str>,
    stopped: bool,
}

/// The gateway; a thread of the test.
pub(crate) struct Gateway {
    address: String,
    book: Arc<Mutex<Book>>,
    door: std::thread::JoinHandle<()>,
}

impl Gateway {
    pub(crate) fn start(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        let door = std::thread::spawn(move || {
            let mut guests = Vec::new();
            for stream in listener.incoming() {
                if shared.lock().unwrap().stopped {
                    break;
                }
                let book = Arc::clone(&shared);
                guests.push(std::thread::spawn(move || serve(&stream.unwrap(), faults, &book)));
                guests.retain(|guest| !guest.is_finished());
            }
            // Everything written to us is read before the book is closed.
            guests.into_iter().for_each(|guest| guest.join().unwrap());
        });
        Self { address, book, door }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn faults(&self) -> Tally {
        self.book.lock().unwrap().tally
    }

    /// Closes the gateway; how often each key was taken over.
    pub(crate) fn stop(self) -> HashMap<String, usize> {
        self.book.lock().unwrap().stopped = true;
        TcpStream::connect(&self.address).unwrap();
        self.door.join().unwrap();
        std::mem::take(&mut self.book.lock().unwrap().taken)
    }
}

fn serve(mut stream: &TcpStream, faults: Faults, book: &Mutex<Book>) {
    let mut line = String::new();
    // A process killed before it wrote a whole line has sent nothing.
    if BufReader::new(stream).read_line(&mut line).unwrap_or(0) == 0 || !line.ends_with('\n') {
        return;
    }
    let key = line.trim_end().to_owned();
    let answer = {
        let mut book = book.lock().unwrap();
        if key == "health" {
            book.down = None;
            Some("ok".to_owned())
        } else {
            book.requests += 1;
            let n = book.requests;
            let all = faults == Faults::All;
            if all && n % 397 == 0 {
                book.down = Some(if n % 2 == 0 { "device" } else { "quota" });
            }
            if let Some(down) = book.down {
                book.tally.paused += 1;
                Some(down.to_owned())
            } else if all && n % 53 == 0 {
                book.tally.retried += 1;
                Some("later".to_owned())
            } else if all && n % 59 == 0 {
                book.tally.lost += 1;
                None
            } else {
                *book.taken.entry(key.clone()).or_default() += 1;
                book.tally.lost += usize::from(all && n % 61 == 0);
                (!all || n % 61 != 0).then(|| format!("ok {n}"))
            }
        }
    };
    if let Some(answer) = answer {
        // Who asked may have been killed.
        drop(stream.write_all(format!("{answer}\n").as_bytes()));
    }
}

/// Where a process is to die: at the so-manieth time that it comes to a place.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) left: Mutex<u32>,
}

impl Place {
    /// Tells the parent when it is the place, and waits there to be killed.
    pub(crate) fn reached(&self, name: &str) {
        if name != self.name {
            return;
        }
        let mut left = self.left.lock().unwrap();
        *left -= 1;
        if *left == 0 {
            println!("\nat:{name}");
            std::io::stdout().flush().unwrap();
            loop {
                std::thread::park();
            }
        }
    }
}

/// The way to the gateway.
pub(crate) struct Line {
    pub(crate) address: String,
    pub(crate) place: Place,
}

impl Line {
    fn connect(&self) -> Result<TcpStream, SendError> {
        TcpStream::connect(&self.address)
            .map_err(|_| SendError::Retry { after: Duration::from_secs(1), reason: "refused".into() })
    }
}

fn ask(mut stream: &TcpStream, word: &str, written: impl Fn()) -> Option<String> {
    stream.write_all(format!("{word}\n").as_bytes()).ok()?;
    written();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    line.ends_with('\n').then(|| line.trim_end().to_owned())
}

impl Transport for Line {
    fn name(&self) -> &'static str {
        "line"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { pictures: false, longest_text: 60_000, statuses: true, idempotent: false, window: None }
    }

    fn send(&self, envelope: &Envelope) -> Result<Accepted, SendError> {
        let stream = self.connect()?;
        match ask(&stream, &envelope.key, || self.place.reached("Written")).as_deref() {
            Some("device") => Err(SendError::Pause(Pause::Device, "disconnected".into())),
            Some("quota") => Err(SendError::Pause(Pause::Quota, "insufficient quota".into())),
            Some("later") => Err(SendError::Retry { after: Duration::from_secs(2), reason: "later".into() }),
            Some(answer) => match answer.strip_prefix("ok ") {
                Some(id) => Ok(Accepted { id: Some(id.to_owned()), quota: None }),
                None => Err(SendError::Unknown("not understood".into())),
            },
            None => Err(SendError::Unknown("the answer was lost".into())),
        }
    }

    fn parse(&self, _: &Hook<'_>) -> Result<Vec<Event>, HookError> {
        Ok(Vec::new())
    }

    fn health(&self) -> Result<Health, SendError> {
        let stream = self.connect()?;
        let connected = ask(&stream, "health", || {}).as_deref() == Some("ok");
        Ok(Health { connected, quota: Some(u64::from(connected)), detail: String::new() })
    }
}
