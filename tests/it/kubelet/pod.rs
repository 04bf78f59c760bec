//! A pod: the server's process with the manifest's environment, and the kubelet that looks at it.

use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};
use watchkeep_tests::deployment::Deployment;
use watchkeep_tests::kubelet::{Kubelet, Ports};
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::proxy::Proxy;
use watchkeep_tests::servers::{self, Real};

use super::{BINARY, FACTOR};

pub(super) struct Pod {
    pub(super) oracle: Oracle,
    pub(super) kubelet: Kubelet,
    /// Where users come.
    pub(super) http: String,
    /// Tells a proxy whether it is ready.
    follower: Option<AbortHandle>,
}

impl Pod {
    /// Starts the process as the manifest says, and begins to look at it.
    pub(super) async fn start(deployment: &Deployment, postgres: &Real, engine: &str) -> Self {
        let url = servers::postgres_url(postgres);
        let delay = deployment.seconds("ORACLE_DRAIN_DELAY_SECONDS");
        let drain = deployment.seconds("ORACLE_DRAIN_SECONDS");
        // The server checks its components every 10 s where nothing else is said.
        let checks = (10.0 / f64::from(FACTOR)).to_string();
        let environment = [
            ("ENVIRONMENT", deployment.variable("ENVIRONMENT")),
            ("RULES_CONFIG", deployment.variable("RULES_CONFIG")),
            ("LOG_JSON", deployment.variable("LOG_JSON")),
            ("OPS_ADDR", "127.0.0.1:0"),
            ("OPS_TOKEN", "token"),
            ("ORACLE_DRAIN_DELAY_SECONDS", delay.as_str()),
            ("ORACLE_DRAIN_SECONDS", drain.as_str()),
            ("MONITOR_INTERVAL_SECONDS", checks.as_str()),
            ("DATABASE_URL", url.as_str()),
            ("AI_ENGINE_URL", engine),
        ];
        let oracle = Oracle::start(BINARY, &environment).await;
        let file = oracle.folder().join("data/oracle-ops.addr");
        let ops = std::fs::read_to_string(file).unwrap();
        let ports = Ports {
            http: oracle.base().to_owned(),
            ops: format!("http://{}", ops.trim()),
        };
        let kubelet = Kubelet::watch(deployment, &ports);
        Self {
            oracle,
            kubelet,
            http: ports.http,
            follower: None,
        }
    }

    /// Makes a proxy give requests to it while it is ready.
    pub(super) fn serve_through(&mut self, proxy: &Proxy) {
        let (mut ready, proxy, http) = (self.kubelet.ready(), proxy.clone(), self.http.clone());
        let follower = tokio::spawn(async move {
            loop {
                let is_ready = *ready.borrow_and_update();
                proxy.set(&http, is_ready);
                if ready.changed().await.is_err() {
                    return;
                }
            }
        });
        self.follower = Some(follower.abort_handle());
    }

    /// Ends it as a cluster does; returns when it got the signal.
    ///
    /// The endpoint goes while the preStop hook sleeps; then the process gets its signal, and what is left of the grace period.
    pub(super) async fn terminate(mut self, deployment: Deployment, proxy: Proxy) -> Instant {
        // An endpoint that is about to end does not come back, ready or not.
        if let Some(follower) = self.follower.take() {
            follower.abort();
        }
        let pre_stop = deployment.pre_stop();
        // The news takes half of the sleep to get around.
        sleep(pre_stop / 2).await;
        proxy.set(&self.http, false);
        sleep(pre_stop / 2).await;
        self.oracle.signal("TERM").await;
        let signaled = Instant::now();
        let left = deployment.grace().saturating_sub(pre_stop);
        let end = timeout(left, self.oracle.ended()).await;
        let end = end.expect("it ends within the grace period");
        assert_eq!(end.code(), Some(0));
        let readiness = deployment.probe(watchkeep_tests::deployment::Kind::Readiness);
        super::readiness_failed_from(&self.kubelet, signaled, readiness.period);
        assert_eq!(self.kubelet.restarts(), []);
        signaled
    }
}
