//! The page's addresses.

use super::desk::{Action, Desk, said};
use super::session::{AdminToken, Door, Pace, Refusal, Session};
use super::view::{ICON, STYLE, View};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use dermawan::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The cookie that holds a session.
const COOKIE: &str = "dermawan_sesi";
/// The largest form: a few hundred greetings picked.
const LARGEST_FORM: usize = 32 * 1024;
/// How long an attempt waits where many were wrong, and how many may wait at a time: 16 guesses a second in all, which
/// is nothing against 16 random characters, and room for an administrator beside a guesser.
const SLOW: Duration = Duration::from_secs(2);
const SLOW_AT_ONCE: usize = 32;
/// Sent with every answer. Nothing is loaded but our own styles and pictures, nobody frames the page, no form goes
/// elsewhere.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// How the page is served.
#[derive(Debug)]
pub(crate) struct Options {
    /// The administrators' password.
    pub(crate) token: AdminToken,
    /// The organisation's name, which stands above the way in.
    pub(crate) organisation: String,
    /// Whether the page is reached over https only: then the cookie is never sent without it.
    pub(crate) https: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub(crate) proxies: Vec<IpAddr>,
}

/// What every request needs.
struct House {
    desk: Arc<dyn Desk>,
    door: Door,
    view: View,
    organisation: String,
    https: bool,
    proxies: Vec<IpAddr>,
    slow: Semaphore,
    /// Whether the log was told of a proxy that is not trusted.
    told_of_proxy: AtomicBool,
}

type Shared = State<Arc<House>>;
type Fields = Form<Vec<(String, String)>>;

/// The page's routes: `/`, `/masuk`, `/keluar`, `/tindakan`, `/grafik/{name}` and its styles. To be served with
/// `into_make_service_with_connect_info::<SocketAddr>()`, since attempts are counted by address.
///
/// # Errors
///
/// `template` when the embedded templates are broken.
pub(crate) fn router(desk: Arc<dyn Desk>, options: Options) -> Result<Router> {
    let Options { token, organisation, https, proxies } = options;
    let (door, view) = (Door::new(token), View::new()?);
    let (slow, told_of_proxy) = (Semaphore::new(SLOW_AT_ONCE), AtomicBool::new(false));
    let house = House { desk, door, view, organisation, https, proxies, slow, told_of_proxy };
    Ok(Router::new()
        .route("/", get(page))
        .route("/masuk", get(entrance).post(enter))
        .route("/keluar", post(leave))
        .route("/tindakan", post(act))
        .route("/grafik/{name}", get(picture))
        .route("/gaya.css", get(|| async { typed("text/css; charset=utf-8", STYLE) }))
        .route("/ikon.svg", get(|| async { typed("image/svg+xml", ICON) }))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(middleware::from_fn(guard))
        .with_state(Arc::new(house)))
}

/// Refuses what another site's page has sent, and puts the headers on.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if request.method().is_safe() || is_own_page(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "Permintaan dari situs lain ditolak.").into_response()
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a request comes from a page of ours. Browsers say where from, each in at least one of two headers; what says
/// neither is no browser and has no one's cookies.
pub(crate) fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    host.is_some() && host == text(header::HOST)
}

/// Who asks: whoever is connected, or what a trusted proxy says of whom it asks for. Of several hops the last one that is
/// no trusted proxy: those before it were written by the sender, who may write anything.
fn sender(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == address.to_canonical());
    if !is_trusted(peer) {
        return peer;
    }
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        // Some proxies write the port too.
        let address = hop.trim().parse().or_else(|_| hop.trim().parse::<SocketAddr>().map(|socket| socket.ip()));
        match address {
            Ok(address) if is_trusted(address) => {}
            Ok(address) => return address,
            Err(_) => return peer,
        }
    }
    peer
}

fn typed(kind: &'static str, body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

/// A redirect after which the browser asks with GET.
fn see(place: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, place.to_owned())]).into_response()
}

impl House {
    /// The session whose cookie came along.
    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, id)| self.door.session(id, Instant::now()))
    }

    /// The session, if the form was made for it.
    fn session_of_form(&self, headers: &HeaderMap, form: &[(String, String)]) -> Option<Session> {
        let token = form.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value);
        self.session(headers).filter(|session| session.made(token))
    }

    fn cookie(&self, id: &str, seconds: u32) -> String {
        let secure = if self.https { "; Secure" } else { "" };
        format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
    }

    fn login(&self, status: StatusCode, trouble: Option<&str>) -> Response {
        match self.view.login(&self.organisation, trouble) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => self.failed(&error),
        }
    }

    /// What an administrator reads of an error: its sort, and that the log has the rest.
    fn failed(&self, error: &Error) -> Response {
        tracing::error!(code = error.code(), "the page cannot be served: {error}");
        let (status, text) = match error.kind() {
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "Yang diminta sudah tidak ada."),
            ErrorKind::InvalidInput => {
                (StatusCode::CONFLICT, "Ini tidak dapat dilakukan lagi; keadaannya sudah berubah.")
            }
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Terjadi gangguan. Coba lagi nanti; rinciannya ada di catatan server.",
            ),
        };
        self.refused(status, "Tidak berhasil", text)
    }

    fn refused(&self, status: StatusCode, heading: &str, text: &str) -> Response {
        match self.view.failed(&self.organisation, heading, text) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, text.to_owned()).into_response(),
        }
    }

    /// The answer to a wrong password after many of them.
    fn too_many(&self, seconds: u64) -> Response {
        let minutes = seconds.div_ceil(60);
        let text = format!("Terlalu banyak percobaan yang salah. Coba lagi dalam {minutes} menit.");
        let mut response = self.login(StatusCode::TOO_MANY_REQUESTS, Some(&text));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        response
    }

    /// The answer to a form that was not made for this session.
    fn foreign_form(&self) -> Response {
        let text = "Formulir ini sudah tidak berlaku. Buka kembali halaman pengurus, lalu ulangi.";
        self.refused(StatusCode::FORBIDDEN, "Ditolak", text)
    }
}

/// Asks the desk on a thread that may wait.
async fn ask<T: Send + 'static>(
    house: &Arc<House>,
    question: impl FnOnce(&dyn Desk) -> Result<T> + Send + 'static,
) -> Result<T> {
    let desk = Arc::clone(&house.desk);
    tokio::task::spawn_blocking(move || question(&*desk))
        .await
        .map_err(|cause| Error::new(ErrorKind::Internal, "the page's work was broken off").caused_by(cause))?
}

async fn page(State(house): Shared, headers: HeaderMap, Query(query): Query<Vec<(String, String)>>) -> Response {
    let Some(session) = house.session(&headers) else { return see("/masuk") };
    let said = query.iter().find(|(name, _)| name == "selesai").and_then(|(_, value)| said(value));
    let after = after(&query);
    match ask(&house, move |desk| desk.facts(after))
        .await
        .and_then(|facts| house.view.page(&facts, &session.form, said))
    {
        Ok(html) => Html(html).into_response(),
        Err(error) => house.failed(&error),
    }
}

/// Where the list of messages in doubt was turned to.
fn after(fields: &[(String, String)]) -> Option<u64> {
    fields.iter().find(|(name, _)| name == "sesudah").and_then(|(_, value)| value.parse().ok())
}

async fn entrance(State(house): Shared, headers: HeaderMap) -> Response {
    if house.session(&headers).is_some() { see("/") } else { house.login(StatusCode::OK, None) }
}

async fn enter(
    State(house): Shared,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(form): Fields,
) -> Response {
    let from = sender(peer.ip(), &headers, &house.proxies);
    let given = form.iter().find(|(name, _)| name == "kata_sandi").map_or("", |(_, value)| value);
    if from == peer.ip()
        && headers.contains_key("x-forwarded-for")
        && !house.told_of_proxy.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            "a proxy that is not in server.trusted_proxies asks for others: all who come through it count as one where \
             wrong passwords are counted"
        );
    }
    let mut outcome = house.door.enter(from, given, Pace::AtOnce, Instant::now());
    if let Ok(Err(Refusal::Slowly)) = outcome {
        let Ok(_turn) = house.slow.try_acquire() else { return house.too_many(SLOW.as_secs()) };
        tokio::time::sleep(SLOW).await;
        outcome = house.door.enter(from, given, Pace::Slow, Instant::now());
    }
    match outcome {
        Ok(Ok(session)) => {
            let mut response = see("/");
            if let Ok(cookie) = HeaderValue::from_str(&house.cookie(&session.id, 12 * 3600)) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Ok(Err(Refusal::Wrong)) => {
            tracing::warn!("a wrong password at the administrators' page");
            house.login(StatusCode::UNAUTHORIZED, Some("Kata sandi salah."))
        }
        Ok(Err(Refusal::Wait(seconds))) => {
            tracing::warn!("a wrong password at the administrators' page, after many");
            house.too_many(seconds)
        }
        Ok(Err(Refusal::Slowly)) => house.too_many(SLOW.as_secs()),
        Err(error) => house.failed(&error),
    }
}

async fn leave(State(house): Shared, headers: HeaderMap, Form(form): Fields) -> Response {
    let Some(session) = house.session_of_form(&headers, &form) else { return house.foreign_form() };
    house.door.leave(&session.id);
    let mut response = see("/masuk");
    if let Ok(cookie) = HeaderValue::from_str(&house.cookie("", 0)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn act(State(house): Shared, headers: HeaderMap, Form(form): Fields) -> Response {
    if house.session(&headers).is_none() {
        return see("/masuk");
    }
    if house.session_of_form(&headers, &form).is_none() {
        return house.foreign_form();
    }
    let Some(action) = Action::read(&form) else {
        let text = "Pilih dahulu apa yang dimaksud, lalu ulangi.";
        return house.refused(StatusCode::BAD_REQUEST, "Belum lengkap", text);
    };
    let page = after(&form).map(|after| format!("&sesudah={after}")).unwrap_or_default();
    let next = format!("/?selesai={}{page}#{}", action.name(), action.part());
    match ask(&house, move |desk| desk.act(&action)).await {
        Ok(()) => see(&next),
        Err(error) => house.failed(&error),
    }
}

async fn picture(State(house): Shared, headers: HeaderMap, Path(name): Path<String>) -> Response {
    if house.session(&headers).is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    match ask(&house, move |desk| desk.picture(&name)).await {
        Ok(Some(svg)) => typed("image/svg+xml", svg),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => house.failed(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_the_peer_or_what_a_trusted_proxy_says() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("127.0.0.1"), ip("10.0.0.2")];
        let ask = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
            }
            sender(ip(peer), &headers, &proxies).to_string()
        };
        assert_eq!(ask("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "a stranger's header is not believed");
        assert_eq!(ask("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(ask("::ffff:127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(ask("127.0.0.1", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1", "what the sender wrote comes first");
        assert_eq!(ask("127.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(ask("127.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(ask("127.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        for nothing in [&[][..], &["?"], &["198.51.100.1, unknown"], &[""], &["10.0.0.2"]] {
            assert_eq!(ask("127.0.0.1", nothing), "127.0.0.1", "{nothing:?}");
        }
        assert_eq!(sender(ip("127.0.0.1"), &HeaderMap::new(), &[]), ip("127.0.0.1"));
    }
}
