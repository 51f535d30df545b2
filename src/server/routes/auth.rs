//! Sign-up, log-in, log-out and who am I.

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Client, Device, JsonBody};
use crate::domain::Profile;
use crate::server::AppState;
use crate::server::auth::{SESSION_AGE, Token, Viewer};
use crate::server::error::ServiceError;
use crate::server::input::Fields;
use crate::server::service::{Caller, LoggedIn, SignUp};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(sign_up))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(me))
}

/// A new log-in.
#[derive(Serialize, ToSchema)]
struct Entered {
    /// Who one is now.
    user: Profile,
    /// For `Authorization: Bearer`. The cookie holds the same.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    token: String,
}

/// Makes an account and logs it in.
#[utoipa::path(
    post,
    path = "/auth/signup",
    tag = "accounts",
    operation_id = "signUp",
    security(()),
    request_body = SignUp,
    responses(
        (
            status = 201, description = "The account is there and logged in.", body = Entered,
            headers(("set-cookie" = String, description = "The session.")),
            links(
                ("logIn" = (
                    operation_id = "logIn",
                    request_body = json!({
                        "username": "$request.body#/username",
                        "password": "$request.body#/password"
                    })
                )),
                ("profile" = (operation_id = "profile", parameters(("user_id" = "$response.body#/user/id")))),
                ("send" = (
                    operation_id = "send",
                    request_body = json!({"receiver_id": "$response.body#/user/id", "content": "Hello!"})
                ))
            )
        ),
        (status = 409, description = "`username_taken`: the name belongs to somebody else."),
        (status = 429, description = "`rate_limited`: too many accounts from this address.")
    )
)]
async fn sign_up(
    State(state): State<AppState>,
    Client(address): Client,
    Device(device): Device,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let wanted = SignUp {
        username: body.text("username")?.to_owned(),
        password: body.text("password")?.to_owned(),
        display_name: body.text("display_name")?.to_owned(),
    };
    let logged_in = state.service.sign_up(wanted, Caller { address, device }).await?;
    Ok((StatusCode::CREATED, answer(&state, logged_in)).into_response())
}

/// What a person gives to log in.
#[derive(ToSchema)]
struct LogIn {
    /// Their log-in name, in any case.
    username: String,
    /// Their password.
    password: String,
}

impl LogIn {
    fn read(body: &Fields) -> Result<Self, ServiceError> {
        let password = body.text("password")?.to_owned();
        Ok(Self { username: body.text("username")?.to_owned(), password })
    }
}

/// Logs somebody in.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "accounts",
    operation_id = "logIn",
    security(()),
    request_body = LogIn,
    responses(
        (
            status = 200, description = "Logged in.", body = Entered,
            headers(("set-cookie" = String, description = "The session."))
        ),
        (status = 401, description = "`invalid_credentials`: unknown name or wrong password, not told apart."),
        (status = 429, description = "`rate_limited`: too many tries for this account or from this address.")
    )
)]
async fn log_in(
    State(state): State<AppState>,
    Client(address): Client,
    Device(device): Device,
    JsonBody(body): JsonBody,
) -> Result<Response, ServiceError> {
    let LogIn { username, password } = LogIn::read(&body)?;
    let logged_in = state.service.log_in(&username, password, Caller { address, device }).await?;
    Ok(answer(&state, logged_in).into_response())
}

/// Ends the log-in; its sockets close within two seconds on every instance.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "accounts",
    operation_id = "logOut",
    responses((
        status = 204, description = "Logged out.",
        headers(("set-cookie" = String, description = "Takes the cookie away."))
    ))
)]
async fn log_out(State(state): State<AppState>, viewer: Viewer) -> Result<Response, ServiceError> {
    state.service.log_out(viewer).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, clear_cookie(&state))]).into_response())
}

/// Oneself.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Who is logged in.
    user: Profile,
}

/// Who is logged in.
#[utoipa::path(
    get,
    path = "/auth/me",
    tag = "accounts",
    operation_id = "me",
    responses((status = 200, description = "Oneself.", body = Me))
)]
async fn me(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Me>, ServiceError> {
    let user = state.service.own_profile(viewer.user_id).await?;
    Ok(Json(Me { user }))
}

fn answer(state: &AppState, logged_in: LoggedIn) -> impl IntoResponse + use<> {
    let cookie = session_cookie(state, &logged_in.token);
    let entered = Entered { user: logged_in.user, token: logged_in.token.reveal().to_owned() };
    ([(SET_COOKIE, cookie)], Json(entered))
}

/// The cookie that carries a session (RFC 6265bis). `__Host-` and `Secure` where there is TLS.
pub fn session_cookie(state: &AppState, token: &Token) -> HeaderValue {
    cookie(state, token.reveal(), SESSION_AGE.as_secs())
}

/// Takes the cookie away.
pub fn clear_cookie(state: &AppState) -> HeaderValue {
    cookie(state, "", 0)
}

fn cookie(state: &AppState, value: &str, max_age: u64) -> HeaderValue {
    let secure = if state.config.origin.is_https() { "; Secure" } else { "" };
    let name = state.cookie_name();
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).expect("tokens are base64url, which a header can hold")
}
