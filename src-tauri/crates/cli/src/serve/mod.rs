//! The screen for a browser on this machine, and the door for the command line: HTTP on loopback.

mod guard;
mod page;
mod routes;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use broadstreet_api::ApiError;
use broadstreet_engine::Engine;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::instance::{self, Announced, Running};

/// What every request needs.
#[derive(Clone)]
pub struct Serving {
    engine: Engine,
    token: Arc<str>,
    port: u16,
    /// Ends the streams of notices, which would otherwise keep the server from stopping.
    stop: CancellationToken,
}

/// A server that listens, ready to run.
pub struct Server {
    listener: TcpListener,
    serving: Serving,
}

impl Server {
    /// Listens on 127.0.0.1; port 0 takes a free one.
    pub async fn listen(engine: Engine, port: u16) -> Result<Self, ApiError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let cannot = |why: std::io::Error| {
            let hint = "choose another port with --port, or leave it out";
            ApiError::new("port_taken", format!("cannot listen on {address}: {why}"), hint)
        };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let port = listener.local_addr().map_err(cannot)?.port();
        let token = guard::new_token()?.into();
        Ok(Self { listener, serving: Serving { engine, token, port, stop: CancellationToken::new() } })
    }

    /// Where it listens and what opens it.
    pub fn running(&self) -> Running {
        Running {
            address: format!("127.0.0.1:{}", self.serving.port),
            token: self.serving.token.to_string(),
            process: std::process::id(),
        }
    }

    /// The address a person opens. The token stands behind `#`, so a browser sends it to nobody.
    pub fn link(&self) -> String {
        format!("http://127.0.0.1:{}/#token={}", self.serving.port, self.serving.token)
    }

    /// Tells the commands of this data folder where to ask.
    pub fn announce(&self, data: &Path) -> Result<Announced, ApiError> {
        instance::announce(data, &self.running())
    }

    /// Serves until `stop` resolves, then ends the open connections.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ApiError> {
        let ending = self.serving.stop.clone();
        let stopped = async move {
            stop.await;
            ending.cancel();
        };
        let served = axum::serve(self.listener, routes::router(self.serving)).with_graceful_shutdown(stopped).await;
        served.map_err(|why| ApiError::new("serve_failed", format!("the server ended: {why}"), "start it again"))
    }
}
