//! Requests over HTTP, and where one was lost: before anything of it could arrive, or after.

use super::Secret;
use crate::error::{Error, ErrorKind, Result};
use std::io::{self, Read};
use std::time::Duration;
use ureq::{Agent, SendBody};

/// The longest answer that is read: gateways answer in a kilobyte or two, `/validate` in thirty.
const LONGEST_ANSWER: u64 = 1 << 20;
/// How long a connection may lie idle and be used again. Servers close idle ones after five seconds or more; one closed
/// at the moment of use would make a message ambiguous for nothing.
const IDLE: Duration = Duration::from_secs(2);

/// What came back.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Nothing came back. The words are fit for a log.
#[derive(Debug)]
pub(super) enum Lost {
    /// No byte of the body went out: the gateway cannot have acted.
    Before(&'static str),
    /// Some or all of it went out: the gateway may have acted.
    After(&'static str),
}

/// A line to one gateway.
pub(super) struct Line {
    agent: Agent,
    base: String,
    authorization: String,
}

impl Line {
    /// A line that asks no one for a proxy and follows no redirect, so that the token goes nowhere else.
    pub(super) fn new(base: &str, authorization: String, connect: Duration, whole: Duration) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_age(IDLE)
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .timeout_global(Some(whole))
            .user_agent(concat!("dermawan/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), authorization }
    }

    /// Posts a body to a path below the base.
    pub(super) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Reply, Lost> {
        let mut body = Watched { body, begun: false };
        let request = self
            .agent
            .post(format!("{}/{path}", self.base))
            .header("authorization", &self.authorization)
            .header("content-type", content_type)
            .header("content-length", body.body.len().to_string());
        let answered = request.send(SendBody::from_reader(&mut body));
        // The body is asked for only when a connection stands.
        let lost = |cause: &ureq::Error| {
            let why = reason(cause);
            if body.begun { Lost::After(why) } else { Lost::Before(why) }
        };
        let mut answer = answered.map_err(|cause| lost(&cause))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        Ok(Reply { status, body: body.map_err(|cause| Lost::After(reason(&cause)))? })
    }

    /// Asks for a path below the base.
    pub(super) fn ask(&self, path: &str) -> Result<Reply, Lost> {
        let request = self.agent.get(format!("{}/{path}", self.base)).header("authorization", &self.authorization);
        let mut answer = request.call().map_err(|cause| Lost::Before(reason(&cause)))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        Ok(Reply { status, body: body.map_err(|cause| Lost::Before(reason(&cause)))? })
    }
}

/// A body that knows whether any of it was asked for.
struct Watched<'a> {
    body: &'a [u8],
    begun: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begun = true;
        self.body.read(buffer)
    }
}

/// Our own words for a failure: what a library or a system says may hold an address with a token in it.
fn reason(cause: &ureq::Error) -> &'static str {
    match cause {
        ureq::Error::HostNotFound => "the gateway's name cannot be resolved",
        ureq::Error::Timeout(ureq::Timeout::Resolve) => "the name service did not answer in time",
        ureq::Error::Timeout(ureq::Timeout::Connect) => "no connection within the time allowed",
        ureq::Error::Timeout(_) => "no answer within the time allowed",
        ureq::Error::ConnectionFailed => "no connection to the gateway",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => "the encrypted connection failed",
        ureq::Error::BodyExceedsLimit(_) => "the answer is too long",
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => "the answer is not HTTP",
        ureq::Error::BadUri(_) => "the gateway's address cannot be read",
        ureq::Error::Io(cause) => match cause.kind() {
            io::ErrorKind::ConnectionRefused => "the gateway refused the connection",
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                "the connection was cut"
            }
            io::ErrorKind::UnexpectedEof => "the connection ended before the answer",
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer within the time allowed",
            _ => "the network failed",
        },
        _ => "the request failed",
    }
}

/// Refuses a token that cannot stand in a request's head. `hint`: where one is to be had.
///
/// Errors: `configuration`, without the token.
pub(super) fn check_token(gateway: &str, token: &Secret, hint: &str) -> Result<()> {
    let wrong = |message: &str, hint: &str| {
        let error = Error::new(ErrorKind::Configuration, format!("{gateway}: {message}"));
        Err(error.context("option", "token").hint(hint))
    };
    if token.is_empty() {
        return wrong("there is no token", hint);
    }
    if !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("the token has characters that no token has", "copy it again, without spaces");
    }
    Ok(())
}

/// Refuses times to wait that are too short for any network or longer than anybody waits; in seconds.
///
/// Errors: `configuration`.
pub(super) fn check_times(gateway: &str, connect: u32, whole: u32) -> Result<()> {
    if (1..=300).contains(&connect) && (1..=600).contains(&whole) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Configuration, format!("{gateway}: a time to wait is too short or too long"))
        .context("option", "timeout")
        .hint("1 to 300 s to connect, 1 to 600 s in all"))
}

/// Refuses an address to which a token would travel in the clear, or that cannot be asked.
///
/// Errors: `configuration`.
pub(super) fn check_base(field: &'static str, base: &str, plain_http: bool) -> Result<()> {
    let wrong = |message: &str, hint: &str| {
        Err(Error::new(ErrorKind::Configuration, format!("transport: {message}")).context("option", field).hint(hint))
    };
    let (scheme, rest) = base.split_once("://").unwrap_or(("", base));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') || base.contains(char::is_whitespace) || base.contains('?') {
        return wrong("the gateway's address cannot be used", "write it like https://api.example.org");
    }
    match scheme {
        "https" => Ok(()),
        "http" if plain_http || is_on_this_machine(base) => Ok(()),
        "http" => wrong(
            "the token would travel unencrypted",
            "write https://, or allow it with plain_http = true inside a private network",
        ),
        _ => wrong("the gateway's address has no known scheme", "write it like https://api.example.org"),
    }
}

/// Whether an address leads to this machine and nowhere else.
pub(super) fn is_on_this_machine(base: &str) -> bool {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A form: `name=value` pairs, percent-encoded.
pub(super) fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (i, (name, value)) in fields.iter().enumerate() {
        if i > 0 {
            body.push(b'&');
        }
        encode(name, &mut body);
        body.push(b'=');
        encode(value, &mut body);
    }
    body
}

fn encode(text: &str, body: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => body.push(byte),
            b' ' => body.push(b'+'),
            _ => body.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

/// A file in a form of parts.
pub(super) struct FilePart<'a> {
    pub(super) field: &'a str,
    pub(super) name: &'a str,
    pub(super) media_type: &'a str,
    pub(super) bytes: &'a [u8],
}

/// A form of parts (RFC 7578) with a file: the content type and the body. The boundary is the first of a row of names
/// that no part holds, so that no randomness is needed.
pub(super) fn multipart(fields: &[(&str, &str)], file: &FilePart<'_>) -> (String, Vec<u8>) {
    let holds = |mark: &str| {
        let mark = mark.as_bytes();
        let within = |bytes: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
        within(file.bytes) || fields.iter().any(|(_, value)| within(value.as_bytes()))
    };
    let boundary = (0..=u64::MAX).map(|i| format!("dermawan-part-{i}")).find(|mark| !holds(mark)).unwrap_or_default();
    let mut body = Vec::with_capacity(file.bytes.len() + 1024);
    for (name, value) in fields {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
        body.extend(value.bytes());
        body.extend(b"\r\n");
    }
    let FilePart { field, name, media_type, bytes } = file;
    body.extend(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{}\"\r\nContent-Type: {media_type}\r\n\r\n",
            file_name(name)
        )
        .bytes(),
    );
    body.extend(*bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A file's name with nothing that could end the header it stands in.
pub(super) fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' };
    let name: String = name.chars().take(100).map(plain).collect();
    if name.trim_matches(['.', ' ']).is_empty() { "gambar".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded() {
        let body = form(&[("target", "628"), ("message", "a&b=c d\n*é* 50%")]);
        assert_eq!(String::from_utf8(body).unwrap(), "target=628&message=a%26b%3Dc+d%0A*%C3%A9*+50%25");
    }

    #[test]
    fn a_boundary_is_in_no_part() {
        let bytes = b"x dermawan-part-0 y";
        let file = FilePart { field: "file", name: "a\"\r\nb.png", media_type: "image/png", bytes };
        let (content_type, body) = multipart(&[("message", "dermawan-part-1")], &file);
        assert_eq!(content_type, "multipart/form-data; boundary=dermawan-part-2");
        let body = String::from_utf8(body).unwrap();
        assert_eq!(body.matches("--dermawan-part-2").count(), 3);
        assert!(body.contains("filename=\"a___b.png\""));
    }

    #[test]
    fn tokens_travel_encrypted_or_not_at_all() {
        for fine in ["https://api.fonnte.com", "http://127.0.0.1:8080", "http://localhost:1/x", "http://[::1]:9"] {
            check_base("base_url", fine, false).unwrap();
        }
        for bad in [
            "",
            "api.fonnte.com",
            "ftp://x",
            "https://",
            "https://user:pass@host",
            "https://a b",
            "http://api.fonnte.com",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
        ] {
            check_base("base_url", bad, false).expect_err(bad);
        }
        check_base("base_url", "http://stand-in:8001", true).unwrap();
    }
}
