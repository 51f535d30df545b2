//! A whole server on a free port with a database of its own, and people to use it.
//!
//! Dropping the server fails the test when a connection, a task or a socket is left behind.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chrono::TimeDelta;
use futures::{SinkExt as _, StreamExt as _};
use mosaic::server::bus::SharedBus;
use mosaic::server::clock::Clock;
use mosaic::server::config::{Config, LogFormat};
use mosaic::server::origin::PublicOrigin;
use mosaic::server::proxies::TrustedProxies;
use mosaic::server::{AppState, run, store};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Anything that should happen happens within this time, or the test fails.
pub const SOON: Duration = Duration::from_secs(10);

/// Everybody's password.
pub const PASSWORD: &str = "correct horse";

pub struct TestApp {
    pub address: SocketAddr,
    pub state: AppState,
    pub clock: Clock,
    server: Option<JoinHandle<()>>,
    /// Where its database is, and the files that it serves.
    pub folder: TempDir,
}

/// What may differ from the embedded default.
#[derive(Default)]
pub struct Setup {
    pub database_url: Option<String>,
    pub redis_url: Option<String>,
    pub bus: Option<SharedBus>,
    pub rate_limit: bool,
    pub retention: Option<TimeDelta>,
    pub public_origin: Option<&'static str>,
    pub trusted_proxies: &'static str,
}

impl TestApp {
    pub async fn spawn() -> Self {
        Self::spawn_with(Setup::default()).await
    }

    pub async fn spawn_with(setup: Setup) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let own_file = format!("sqlite://{}", folder.path().join("deep/er/mosaic.db").display());
        let config = Config {
            database_url: setup.database_url.unwrap_or(own_file),
            redis_url: setup.redis_url,
            site_addr: address,
            site_root: folder.path().to_owned(),
            origin: match setup.public_origin {
                Some(origin) => PublicOrigin::parse(origin).unwrap(),
                None => PublicOrigin::of_listen_address(address),
            },
            metrics_addr: None,
            trusted_proxies: TrustedProxies::parse(setup.trusted_proxies).unwrap(),
            retention: setup.retention,
            rate_limit: setup.rate_limit,
            log: "off".to_owned(),
            log_format: LogFormat::Text,
        };
        let store = store::connect(&config.database_url).await.unwrap();
        store.migrate().await.unwrap();
        let bus = setup.bus.unwrap_or_else(|| run::open_bus(&config).unwrap());
        let clock = Clock::system();
        let state = run::assemble(config, store, bus, clock.clone(), None);
        let server = tokio::spawn(run::serve_on(listener, state.clone()));
        Self { address, state, clock, server: Some(server), folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request of somebody without a log-in.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        client.request(method, self.url(path))
    }

    /// Somebody new, named by their username.
    pub async fn person(&self, username: &str) -> Person {
        Person::sign_up(self.address, username).await
    }

    /// The same, signed up from this address.
    pub async fn person_from(&self, username: &str, address: [u8; 4]) -> Person {
        Person::sign_up_from(address, self.address, username).await
    }

    /// Somebody who has an account and a log-in.
    pub fn known(&self, id: &str, token: &str) -> Person {
        Person::known(self.address, id, token)
    }

    /// The same person, talking to this server instead.
    pub fn moved(&self, person: &Person) -> Person {
        Person { base: format!("http://{}", self.address), ..person.clone() }
    }

    /// Whether somebody is online for another, as the store has it.
    pub async fn is_online(&self, who: &Person, viewer: &Person) -> bool {
        let [who, viewer] = [who, viewer].map(|person| person.id.parse().unwrap());
        let (store, now) = (&self.state.service.store, self.state.service.clock.now());
        store.profile(viewer, who, now).await.unwrap().unwrap().profile.online
    }

    async fn stop(&mut self) {
        let hub = std::sync::Arc::clone(&self.state.service.hub);
        let left = wait_until(|| std::future::ready(hub.all().is_empty())).await;
        self.state.shutdown.cancel();
        let ended = timeout(SOON, self.server.take().unwrap()).await;
        assert!(left, "sockets are left behind");
        ended.expect("the server did not drain").unwrap();
        assert_eq!(self.state.tasks.len(), 0, "tasks are left behind");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.stop()));
    }
}

#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
    base: String,
    client: reqwest::Client,
}

impl Person {
    /// Somebody new on the server at this address.
    pub async fn sign_up(address: SocketAddr, username: &str) -> Self {
        Self::sign_up_from([127, 0, 0, 1], address, username).await
    }

    async fn sign_up_from(from: [u8; 4], address: SocketAddr, username: &str) -> Self {
        let body = json!({"username": username, "password": PASSWORD, "display_name": capitalised(username)});
        let client = reqwest::Client::builder().local_address(IpAddr::from(from)).build().unwrap();
        let sent = client.post(format!("http://{address}/auth/signup")).json(&body).send();
        let answer = expect(sent.await.unwrap(), StatusCode::CREATED).await;
        Self::known(address, answer["user"]["id"].as_str().unwrap(), answer["token"].as_str().unwrap())
    }

    /// Somebody who has an account and a log-in at the server at this address.
    pub fn known(address: SocketAddr, id: &str, token: &str) -> Self {
        Self {
            id: id.to_owned(),
            token: token.to_owned(),
            base: format!("http://{address}"),
            client: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Value {
        expect(self.request(Method::GET, path).send().await.unwrap(), StatusCode::OK).await
    }

    pub async fn status(&self, path: &str) -> StatusCode {
        self.request(Method::GET, path).send().await.unwrap().status()
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(&body).send().await.unwrap()
    }

    pub async fn send(&self, to: &Person, content: &str) -> Value {
        let body = json!({"receiver_id": to.id, "content": content});
        expect(self.post("/messages/send", body).await, StatusCode::CREATED).await
    }

    pub async fn ticket(&self) -> String {
        let answer =
            expect(self.request(Method::POST, "/messages/ws-ticket").send().await.unwrap(), StatusCode::OK);
        answer.await["ticket"].as_str().unwrap().to_owned()
    }

    /// A connected device, welcomed.
    pub async fn device(&self) -> Device {
        let (device, _) = self.welcomed().await;
        device
    }

    /// A connected device and its welcome.
    pub async fn welcomed(&self) -> (Device, Value) {
        let path = format!("/messages/ws/{}?token={}", self.id, self.ticket().await);
        let mut device = Device::connect(&self.base, &path, None).await.unwrap();
        let welcome = device.next().await;
        assert_eq!(welcome["type"], "welcome");
        (device, welcome)
    }

    pub async fn upgrade(&self, path: &str, origin: Option<&str>) -> Result<Device, u16> {
        Device::connect(&self.base, path, origin).await
    }
}

pub struct Device(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Device {
    async fn connect(base: &str, path: &str, origin: Option<&str>) -> Result<Self, u16> {
        let mut request = format!("{}{path}", base.replace("http", "ws")).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn say(&mut self, frame: Value) {
        self.raw(Message::text(frame.to_string())).await;
    }

    pub async fn raw(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// The next text frame, whatever it is.
    pub async fn next(&mut self) -> Value {
        loop {
            let message =
                timeout(SOON, self.0.next()).await.expect("no frame came").expect("the socket ended");
            if let Message::Text(text) = message.unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The next frame of this type; others are passed over.
    pub async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Sends a message and waits for its `ack` or `error`.
    pub async fn send(&mut self, to: &Person, client_id: &str, content: &str) -> Value {
        self.say(json!({"type": "send", "client_id": client_id, "receiver_id": to.id, "content": content}))
            .await;
        loop {
            let frame = self.next().await;
            if frame["type"] == "ack" || frame["type"] == "error" {
                return frame;
            }
        }
    }

    /// Everything that comes up to the answer of a ping sent now.
    pub async fn drain(&mut self) -> Vec<Value> {
        self.say(json!({"type": "ping"})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == "pong" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// The code the server closes with.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match timeout(SOON, self.0.next()).await.expect("the socket stayed open") {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return code.into(),
                Some(Ok(_)) => {}
                other => panic!("the socket ended without a code: {other:?}"),
            }
        }
    }
}

/// The JSON of an answer that must have this status.
pub async fn expect(response: Response, status: StatusCode) -> Value {
    let (actual, url) = (response.status(), response.url().path().to_owned());
    let text = response.text().await.unwrap();
    assert_eq!(actual, status, "{url}: {text}");
    if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
}

/// Asserts an error answer: status, code and, if any, the field it names.
pub async fn refused(response: Response, status: u16, code: &str) -> Value {
    let error = expect(response, StatusCode::from_u16(status).unwrap()).await;
    assert_eq!(error["error"]["code"], code, "{error}");
    assert!(error["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    error["error"]["field"].clone()
}

/// Waits until a condition holds; `false` when it does not in time.
pub async fn wait_until<F: Future<Output = bool>>(condition: impl Fn() -> F) -> bool {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, holds).await.is_ok()
}

pub fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn capitalised(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}
