//! The public origin, and which `Origin` headers are ours.

use mosaic::server::origin::PublicOrigin;

/// What is taken for an origin has one canonical form, which is ours; what only looks like it is not.
pub fn check(text: &str) {
    let Some(ours) = PublicOrigin::parse(text) else { return };
    let canonical = ours.canonical();
    assert!(!text.contains('@'), "{text:?} names somebody, so it is more than an origin");
    assert!(canonical.starts_with("http://") || canonical.starts_with("https://"), "{canonical:?}");
    assert_eq!(ours.is_https(), canonical.starts_with("https://"));
    assert!(canonical.bytes().all(|byte| byte.is_ascii_graphic()), "{canonical:?} fits into no header");

    let again = PublicOrigin::parse(canonical).expect("an origin as browsers write it is one");
    assert_eq!(again.canonical(), canonical);

    assert!(ours.is(canonical));
    let other_scheme = if ours.is_https() {
        canonical.replacen("https", "http", 1)
    } else {
        canonical.replacen("http", "https", 1)
    };
    for foreign in [
        "",
        "null",
        &other_scheme,
        &format!("{canonical}/"),
        &format!("{canonical}.evil.example"),
        &format!("{canonical}:1"),
        &format!(" {canonical}"),
        &canonical[..canonical.len() - 1],
    ] {
        assert!(!ours.is(foreign), "{foreign:?} is not {canonical:?}");
    }
    for source in ours.socket_sources().split_whitespace() {
        assert!(source.starts_with(if ours.is_https() { "wss://" } else { "ws://" }), "{source:?}");
    }
}
