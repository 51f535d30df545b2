//! Whose word is taken for where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies in front of this server. Anybody can send `X-Forwarded-For`; it counts only as far as
/// these have written it.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks (RFC 4632), separated by commas. `None` when one is neither, or a
    /// network has bits beyond its prefix, which is more likely a slip than meant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(network).collect::<Option<_>>().map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is the address of one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from: the peer of the connection, unless that is one of the proxies;
    /// then the right-most hop of `X-Forwarded-For` that is none. What stands further left, or
    /// behind something that is no address, anybody can have written.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
        let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.contain(client) {
            match hops.next().and_then(address) {
                Some(hop) => client = hop,
                None => break,
            }
        }
        client
    }
}

fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => text.parse().ok()?,
    };
    (network.trunc() == network).then_some(network)
}

/// A hop as proxies write it: an address, some with its port, IPv6 then in brackets.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// Where a request seems to come from that reaches us from `peer` with these lines.
    fn client(proxies: &str, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        TrustedProxies::parse(proxies).unwrap().client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("", "203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "203.0.113.9", &["198.51.100.1, 10.0.0.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "11.0.0.1", &["198.51.100.1"]), "11.0.0.1");
    }

    #[test]
    fn the_right_most_hop_that_is_no_proxy_counts() {
        let proxies = "10.0.0.0/8, 192.0.2.7";
        assert_eq!(client(proxies, "10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(proxies, "192.0.2.7", &["198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(client(proxies, "10.1.2.3", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1", "forged");
        assert_eq!(client(proxies, "10.1.2.3", &["10.6.6.6, 198.51.100.1"]), "198.51.100.1", "forged");
    }

    #[test]
    fn several_lines_are_one_list() {
        let proxies = "10.0.0.0/8";
        assert_eq!(client(proxies, "10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.2"]), "198.51.100.1");
        assert_eq!(client(proxies, "10.0.0.1", &["198.51.100.1", "10.0.0.3,10.0.0.2"]), "198.51.100.1");
    }

    #[test]
    fn without_a_hop_of_a_client_the_last_proxy_counts() {
        for lines in [&[][..], &[""], &["unknown"], &[" , "], &["\u{e9}"], &["198.51.100.1, 1.2.3"]] {
            assert_eq!(client("10.0.0.0/8", "10.0.0.1", lines), "10.0.0.1", "{lines:?}");
        }
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["198.51.100.1, _hidden, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn ports_and_ipv6_in_all_their_forms() {
        let proxies = "fd00::/8, ::1, 10.0.0.0/8";
        for hop in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711", "2001:DB8:0:0::1"] {
            assert_eq!(client(proxies, "fd00::2", &[hop]), "2001:db8::1", "{hop}");
        }
        assert_eq!(client(proxies, "::1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client(proxies, "::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1", "mapped");
        assert_eq!(client("", "::ffff:198.51.100.1", &[]), "198.51.100.1");
    }

    #[test]
    fn only_addresses_and_networks_are_read() {
        assert!(TrustedProxies::parse(" 10.0.0.0/8 ,::1, fd00::/8,").is_some());
        for bad in ["proxy", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/8 ::1", "*"] {
            assert!(TrustedProxies::parse(bad).is_none(), "{bad}");
        }
    }
}
