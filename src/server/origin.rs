//! The origin browsers know this server by: what cookies, `WebSocket` upgrades and cross-site checks go by.

use std::net::SocketAddr;

use url::{Host, Origin, Url};

/// The one origin this server answers for.
#[derive(Clone, Debug)]
pub struct PublicOrigin {
    /// Scheme, host and port, as a browser writes them; the first is the canonical one.
    allowed: Vec<String>,
}

impl PublicOrigin {
    /// Reads `https://host[:port]`. `None` unless it is exactly an http or https origin.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !text.contains('@');
        let Origin::Tuple(..) = url.origin() else { return None };
        bare.then(|| Self { allowed: vec![url.origin().ascii_serialization()] })
    }

    /// The origin of a server without a public name. Whoever listens on this machine only is
    /// reached by any of the machine's names for itself.
    #[must_use]
    pub fn of_listen_address(address: SocketAddr) -> Self {
        let port = address.port();
        let ip = address.ip();
        if ip.is_loopback() || ip.is_unspecified() {
            let mut allowed = vec![
                format!("http://127.0.0.1:{port}"),
                format!("http://localhost:{port}"),
                format!("http://[::1]:{port}"),
            ];
            if ip.is_loopback() {
                let own = origin_of(&ip_host(address), port);
                allowed.retain(|known| *known != own);
                allowed.insert(0, own);
            }
            Self { allowed }
        } else {
            Self { allowed: vec![origin_of(&ip_host(address), port)] }
        }
    }

    /// Whether an `Origin` header names this server.
    #[must_use]
    pub fn is(&self, origin: &str) -> bool {
        self.allowed.iter().any(|known| known == origin)
    }

    /// Whether browsers reach it over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.canonical().starts_with("https:")
    }

    /// The origin as a browser writes it.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.allowed[0]
    }

    /// What a page may open sockets to, for the content security policy: the same hosts as `ws`.
    /// A policy cannot name an IPv6 address; there a page has to do with `'self'`.
    #[must_use]
    pub fn socket_sources(&self) -> String {
        let named = self.allowed.iter().filter(|origin| !origin.contains('['));
        let sockets: Vec<String> = named.map(|origin| origin.replacen("http", "ws", 1)).collect();
        sockets.join(" ")
    }
}

fn ip_host(address: SocketAddr) -> Host<String> {
    match address {
        SocketAddr::V4(v4) => Host::Ipv4(*v4.ip()),
        SocketAddr::V6(v6) => Host::Ipv6(*v6.ip()),
    }
}

fn origin_of(host: &Host<String>, port: u16) -> String {
    if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_origins_are_read() {
        assert!(
            PublicOrigin::parse("https://mosaic.example").is_some_and(|o| o.is("https://mosaic.example"))
        );
        assert!(PublicOrigin::parse("http://127.0.0.1:3000/").is_some_and(|o| o.is("http://127.0.0.1:3000")));
        for bad in [
            "mosaic.example",
            "https://a/b",
            "ftp://a",
            "https://u@a",
            "https://:p@a",
            "https://@a",
            "https://a?b",
            "",
            "null",
        ] {
            assert!(PublicOrigin::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn near_misses_are_foreign() {
        let ours = PublicOrigin::parse("https://mosaic.example").unwrap();
        for foreign in
            ["null", "http://mosaic.example", "https://mosaic.example.evil", "https://xmosaic.example", ""]
        {
            assert!(!ours.is(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_local_server_answers_to_its_local_names() {
        let ours = PublicOrigin::of_listen_address("127.0.0.1:3000".parse().unwrap());
        assert!(ours.is("http://localhost:3000") && ours.is("http://127.0.0.1:3000"));
        assert!(!ours.is("http://localhost:3001"));
        assert_eq!(ours.canonical(), "http://127.0.0.1:3000");
        assert_eq!(ours.socket_sources(), "ws://127.0.0.1:3000 ws://localhost:3000");
    }
}
