//! The cookie of preferences, which anybody can write.

use mosaic::domain::Preferences;

/// Whatever a `Cookie` header holds, what is read from it is what would be written for it.
pub fn check(cookies: &str) {
    let read = Preferences::from_cookie(cookies);
    assert_eq!(Preferences::from_cookie(&read.to_cookie()), read);

    let header = format!("sid=x; {}={}; last=one", Preferences::COOKIE, read.to_cookie());
    assert_eq!(Preferences::from_cookies(&header), Some(read));

    let found = Preferences::from_cookies(cookies);
    assert!(found.is_none() || cookies.contains("preferences="), "{cookies:?} does not speak of them");
}
