//! The pages, rendered here first and taken over by the browser.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{
    AxumRouteListing, LeptosRoutes as _, ResponseOptions, file_and_error_handler_with_context,
    generate_route_list, render_app_async_with_context,
};
use tower_http::services::ServeDir;
use url::form_urlencoded::byte_serialize;

use super::extract::{Form, SEND_BYTES, locale, preferences};
use super::files::keep_a_day;
use super::guard::{time_limit, whole_body};
use super::{PAGES, compression, plain};
use crate::app::{App, shell};
use crate::domain::UserId;
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::input::Query;
use crate::server::pages::Prepared;

/// The addresses of the pages. Listed once: while the framework lists them, nothing arrives that another
/// page of the same process waits for.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Every page, and what a page that does not exist says.
pub fn router(state: &AppState) -> Router<AppState> {
    let context = {
        let state = state.clone();
        move || provide_page_context(&state)
    };
    let options = state.leptos.clone();
    // Files are looked for before the framework is asked: its own look-up runs the context of a
    // page without one, and then takes the headers of whatever page is being rendered beside it.
    let missing = Router::new()
        .fallback(file_and_error_handler_with_context::<AppState, _>(context.clone(), shell))
        .with_state(state.clone());
    let files = ServeDir::new(&state.config.site_root)
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .fallback(missing);
    let files = Router::new().fallback_service(files).layer(from_fn(keep_a_day));
    let page = move || shell(options.clone());
    let render = render_app_async_with_context(context.clone(), page.clone());
    let take = move |State(state): State<AppState>, request: Request| async move {
        match take_post(&state, request).await {
            Ok(done) => done,
            Err((status, page)) => (status, render(page).await).into_response(),
        }
    };
    Router::new()
        .leptos_routes_with_context(state, ROUTES.clone(), context, page)
        .fallback_service(files)
        .layer(from_fn(whole_body))
        .route("/", post(take))
        .layer(from_fn(time_limit))
        .layer(from_fn_with_state(state.clone(), usher))
        .layer(compression(PAGES))
}

/// Finds out who looks at a page, and sends those to the log-in who have to.
async fn usher(
    State(state): State<AppState>,
    viewer: Option<Viewer>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_page && viewer.is_none() && matches!(path, "/" | "/messages") {
        let wanted = address_of(request.uri());
        return to_log_in(wanted).into_response();
    }
    if is_page && viewer.is_some() && matches!(path, "/login" | "/signup") {
        return Redirect::to("/").into_response();
    }
    if let Some(viewer) = viewer {
        if is_page && let Some(prepared) = prepare(&state, viewer, request.uri()).await {
            request.extensions_mut().insert(Arc::new(prepared));
        }
        request.extensions_mut().insert(viewer);
    }
    next.run(request).await
}

/// Sends the message that the form of a page without scripts holds, and leads back to that page.
///
/// # Errors
/// What could not be sent: the status, and the request for the page that says so and holds the text.
async fn take_post(state: &AppState, request: Request) -> Result<Response, (StatusCode, Request)> {
    let (mut parts, body) = request.into_parts();
    let posted = Request::from_parts(parts.clone(), body);
    let form = match Form::<SEND_BYTES>::from_request(posted, state).await {
        Ok(form) => form,
        Err(refusal) => return Ok(refusal),
    };
    let Some(viewer) = parts.extensions.get::<Viewer>().copied() else {
        return Ok(to_log_in(address_of(&parts.uri)).into_response());
    };
    let Some(peer) = open_chat(&Query::parse(parts.uri.query())) else {
        return Ok(ServiceError::NotFound.into_response());
    };
    let Err(refused) = plain::send(state, viewer, peer, &form, locale(&parts.headers)).await else {
        return Ok(Redirect::to(address_of(&parts.uri)).into_response());
    };
    let prepared = prepare(state, viewer, &parts.uri).await.unwrap_or_default();
    parts.extensions.insert(Arc::new(prepared.with_unsent(refused.form)));
    parts.method = Method::GET;
    Err((refused.status, Request::from_parts(parts, Body::empty())))
}

/// The log-in, and from there to an address of this site.
fn to_log_in(wanted: &str) -> Redirect {
    if wanted == "/" {
        return Redirect::to("/login");
    }
    let next: String = byte_serialize(wanted.as_bytes()).collect();
    Redirect::to(&format!("/login?next={next}"))
}

fn address_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// With whom the panel of an address is open.
fn open_chat(query: &Query) -> Option<UserId> {
    let asked = |name| query.optional(name).ok().flatten();
    asked("chat").filter(|chat| *chat == "open")?;
    asked("profile")?.parse().ok()
}

/// Fetches what the page at an address will ask for.
async fn prepare(state: &AppState, viewer: Viewer, address: &Uri) -> Option<Prepared> {
    let query = Query::parse(address.query());
    let asked = |name| query.optional(name).ok().flatten().map(str::to_owned);
    match address.path() {
        "/" => {
            let search = asked("q").map(|search| search.trim().to_owned()).unwrap_or_default();
            let chat = open_chat(&query);
            Some(Prepared::matches(state, viewer, search, asked("profile"), chat).await)
        }
        "/messages" => Some(Prepared::conversations(state, viewer).await),
        _ => None,
    }
}

/// What server functions and components find in the context on the server.
fn provide_page_context(state: &AppState) {
    provide_context(state.clone());
    if let Some(parts) = use_context::<Parts>() {
        if let Some(viewer) = parts.extensions.get::<Viewer>() {
            provide_context(*viewer);
        }
        if let Some(prepared) = parts.extensions.get::<Arc<Prepared>>() {
            provide_context(Arc::clone(prepared));
        }
        if let Some(preferences) = preferences(&parts.headers) {
            provide_context(preferences);
        }
        provide_context(locale(&parts.headers));
    }
    if let Some(options) = use_context::<ResponseOptions>() {
        options.insert_header(header::CONTENT_SECURITY_POLICY, content_security_policy(state));
    }
}

/// Nothing runs that this server did not write; nothing is fetched from anywhere else.
fn content_security_policy(state: &AppState) -> HeaderValue {
    let nonce = use_nonce().map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let sockets = state.page_socket_sources();
    let policy = format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'{nonce}; img-src 'self' data:; \
         font-src 'self'; connect-src 'self' {sockets}; manifest-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; \
         object-src 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("nonce and origins are visible ASCII")
}
