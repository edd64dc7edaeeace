//! Webhooks at a steady rate, and how long each waited for its answer.
//!
//! ```text
//! cargo run --example load -- 127.0.0.1:8088 --rate 2000 --seconds 60
//! ```
//!
//! The token of the path and the secret come from the environment, as the server's do. Each webhook is due at its own moment,
//! and its time counts from there, so that a server which stands still for a second is seen by all that were due in it
//! ("coordinated omission"). Each comes from a number of its own: nothing is known already, and no limit of a sender holds it
//! back.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]
#![allow(clippy::disallowed_methods, reason = "it measures time and reads the environment")]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const DEVICE: &str = "6281100000099";

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Clone)]
struct Plan {
    address: SocketAddr,
    rate: u64,
    seconds: u64,
    connections: u64,
    word: String,
    path: String,
    secret: String,
}

fn plan() -> Outcome<Plan> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("say which server: 127.0.0.1:8088")?.parse()?;
    let variable = |name| std::env::var(name).unwrap_or_default();
    let mut plan = Plan {
        address,
        rate: 2000,
        seconds: 60,
        connections: 32,
        word: "REKENING".into(),
        path: variable("DERMAWAN_WEBHOOK_TOKEN"),
        secret: variable("DERMAWAN_WEBHOOK_SECRET"),
    };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("an option without a value")?;
        match name.as_str() {
            "--rate" => plan.rate = value.parse()?,
            "--seconds" => plan.seconds = value.parse()?,
            "--connections" => plan.connections = value.parse()?,
            "--word" => plan.word = value,
            _ => return Err(format!("{name} is no option").into()),
        }
    }
    if plan.rate == 0 || plan.connections == 0 {
        return Err("the rate and the connections must be above zero".into());
    }
    Ok(plan)
}

fn main() -> Outcome<()> {
    let plan = plan()?;
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 10_000;
    let begin = Instant::now() + Duration::from_millis(200);
    let threads: Vec<_> = (0..plan.connections)
        .map(|connection| {
            let plan = plan.clone();
            std::thread::spawn(move || webhooks(&plan, connection, run, begin))
        })
        .collect();
    let (mut times, mut taken, mut refused, mut broken) = (Vec::new(), 0_u64, 0_u64, 0_u64);
    for thread in threads {
        let part = thread.join().map_err(|_| "a thread ended in a fault")??;
        times.extend(part.times);
        taken += part.taken;
        refused += part.refused;
        broken += part.broken;
    }
    let lasted = begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| {
        let row = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        times.get(row).map_or(0.0, |time: &Duration| time.as_secs_f64() * 1000.0)
    };
    println!(
        "{taken} answered 200 in {lasted:.1} s ({:.0} a second), {refused} with another status, {broken} not at all",
        taken as f64 / lasted
    );
    println!(
        "p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.2} ms",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    Ok(())
}

#[derive(Default)]
struct Part {
    times: Vec<Duration>,
    taken: u64,
    refused: u64,
    broken: u64,
}

/// One connection's share.
fn webhooks(plan: &Plan, connection: u64, run: u64, begin: Instant) -> Outcome<Part> {
    let path = if plan.path.is_empty() { "/webhook".to_owned() } else { format!("/webhook/{}", plan.path) };
    let total = plan.rate * plan.seconds;
    let mut part = Part::default();
    let mut stream = connect(plan.address)?;
    for n in (connection..total).step_by(usize::try_from(plan.connections)?) {
        let due = begin + Duration::from_secs_f64(n as f64 / plan.rate as f64);
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        let from = format!("628{:02}{run:04}{:05}", 57 + n / 100_000, n % 100_000);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let (word, secret) = (&plan.word, &plan.secret);
        let body = format!(
            "{{\"device\":\"{DEVICE}\",\"sender\":\"{from}\",\"pengirim\":\"{from}\",\"message\":\"{word}\",\"pesan\":\"{word}\",\
             \"text\":\"non-button message\",\"type\":\"text\",\"inboxid\":0,\"isgroup\":false,\"timestamp\":{now},\
             \"secret\":\"{secret}\"}}"
        );
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        match answer(&mut stream, request.as_bytes()) {
            Ok(200) => {
                part.taken += 1;
                part.times.push(due.elapsed());
            }
            Ok(_) => part.refused += 1,
            Err(_) => {
                part.broken += 1;
                match connect(plan.address) {
                    Ok(new) => stream = new,
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        }
    }
    Ok(part)
}

fn connect(address: SocketAddr) -> std::io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(BufReader::new(stream))
}

fn answer(stream: &mut BufReader<TcpStream>, request: &[u8]) -> std::io::Result<u16> {
    stream.get_mut().write_all(request)?;
    let broken = || std::io::Error::other("no answer");
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| broken())?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(status)
}
