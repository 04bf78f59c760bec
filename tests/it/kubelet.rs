//! The reference server through the eyes of a kubelet, which probes as the manifest says: start, outage, rolling restart, end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::kubernetes::{Kubelet, Manifest, Service};
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// By how much all times of the manifest are shortened, and those of the server itself.
const FASTER: u32 = 5;

/// What a busy machine may be late by.
const LATE: Duration = Duration::from_millis(700);

/// The clients that send messages, one after the other.
const CLIENTS: usize = 4;

/// The server's own time between two checks is 10 s.
const CHECK_SECONDS: u32 = 10;

fn deployment() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("../examples/oracle-server/deploy/kubernetes")
}

fn manifest() -> Manifest {
    let text = std::fs::read_to_string(deployment().join("deployment.yaml"));
    let value: Value = serde_saphyr::from_str(&text.expect("it is there")).expect("it is YAML");
    Manifest::read(&value, FASTER)
}

/// The cluster: pods over one database, behind one service.
struct Cluster {
    manifest: Manifest,
    environment: Vec<(String, String)>,
    pods: Vec<Pod>,
    service: Service,
}

struct Pod {
    oracle: Oracle,
    kubelet: Kubelet,
}

impl Cluster {
    /// The environment is the manifest's, but for addresses, folders and secrets, which are the node's, and shortened times.
    async fn new(database: &str) -> Self {
        let manifest = manifest();
        let seconds = |name: &str| {
            let text = manifest.variable(name).expect("the manifest has it");
            let seconds: u32 = text.parse().expect("a number of seconds");
            (seconds / FASTER).to_string()
        };
        let routing = deployment().join("alerts.yml");
        let environment = [
            (
                "ENVIRONMENT",
                manifest
                    .variable("ENVIRONMENT")
                    .expect("it has one")
                    .to_owned(),
            ),
            (
                "RULES_CONFIG",
                manifest
                    .variable("RULES_CONFIG")
                    .expect("it has one")
                    .to_owned(),
            ),
            (
                "LOG_CONSOLE",
                manifest
                    .variable("LOG_CONSOLE")
                    .expect("it has one")
                    .to_owned(),
            ),
            (
                "ORACLE_DRAIN_DELAY_SECONDS",
                seconds("ORACLE_DRAIN_DELAY_SECONDS"),
            ),
            ("ORACLE_DRAIN_SECONDS", seconds("ORACLE_DRAIN_SECONDS")),
            (
                "MONITOR_INTERVAL_SECONDS",
                (CHECK_SECONDS / FASTER).to_string(),
            ),
            ("ALERTS_CONFIG", routing.display().to_string()),
            ("OPS_ADDR", "127.0.0.1:0".to_owned()),
            ("OPS_TOKEN", "a-token-of-the-test".to_owned()),
            ("DATABASE_URL", database.to_owned()),
        ];
        Self {
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            manifest,
            pods: Vec::new(),
            service: Service::start().await,
        }
    }

    /// Starts one more pod and waits until it gets requests.
    async fn add(&mut self) {
        let environment: Vec<_> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let oracle = Oracle::start(BINARY, &environment).await;
        let file = oracle.folder().join("data/oracle-ops.addr");
        let operators = eventually(10, "the operators' address is told", || async {
            std::fs::read_to_string(&file)
        })
        .await;
        let kubelet = Kubelet::start(&self.manifest, |port| match port {
            "http" => oracle.base().to_owned(),
            "ops" => format!("http://{}", operators.trim()),
            other => panic!("no port {other}"),
        });
        eventually(30, "the pod is ready", || async {
            let seen = kubelet.seen();
            if seen.ready { Ok(()) } else { Err(seen) }
        })
        .await;
        self.pods.push(Pod { oracle, kubelet });
        self.publish();
    }

    /// The service follows the kubelets.
    fn publish(&self) {
        let ready = self.pods.iter().filter(|pod| pod.kubelet.seen().ready);
        self.service
            .set(ready.map(|pod| pod.oracle.base().to_owned()).collect());
    }

    /// Lets the oldest pod go, as Kubernetes does: out of the service, `preStop`, signal, grace.
    async fn remove(&mut self) {
        let mut pod = self.pods.remove(0);
        let told = Instant::now();
        pod.kubelet.terminating();
        // What runs a service hears of it a little later than the node.
        sleep(self.manifest.pre_stop / 2).await;
        self.publish();
        sleep(self.manifest.pre_stop / 2).await;
        let signalled = Instant::now();
        pod.oracle.signal("TERM").await;
        let period = self.manifest.readiness.period;
        eventually(10, "readiness fails", || async {
            pod.kubelet.seen().first_failure.ok_or("it is ready")
        })
        .await;
        let seen = pod.kubelet.seen().first_failure.expect("it has failed");
        assert!(
            seen - signalled <= period + LATE,
            "ready for {:?} after the signal; one period is {period:?}",
            seen - signalled
        );
        assert_eq!(pod.oracle.ended().await.code(), Some(0));
        let took = told.elapsed();
        assert!(took <= self.manifest.grace, "it took {took:?} to go");
        assert_eq!(pod.kubelet.seen().restart, None);
    }

    fn nobody_restarted(&self) {
        for pod in &self.pods {
            assert_eq!(pod.kubelet.seen().restart, None);
        }
    }
}

/// Clients that send messages until they are told to stop; they count the answers by status.
struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<BTreeMap<String, usize>>,
}

impl Load {
    fn start(url: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for user in 0..CLIENTS {
            let (stop, url) = (Arc::clone(&stop), format!("{url}/message"));
            clients.spawn(async move {
                let client = client();
                let mut answers = BTreeMap::new();
                while !stop.load(Ordering::Relaxed) {
                    let body = format!(r#"{{"user_id":{user},"text":"what is the time?"}}"#);
                    let answer = client.post(&url).body(body).send().await;
                    let answer = answer.expect("the service itself stays");
                    let status = answer.status();
                    let text = answer.text().await.expect("it is whole");
                    let key = if status == 200 {
                        String::new()
                    } else {
                        format!("{status} {text}")
                    };
                    *answers.entry(key).or_default() += 1;
                    sleep(Duration::from_millis(5)).await;
                }
                answers
            });
        }
        Self { stop, clients }
    }

    /// Ends it; returns how many were answered.
    ///
    /// # Panics
    /// When one was not.
    async fn all_answered(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        let mut answered = 0;
        for mut answers in self.clients.join_all().await {
            answered += answers.remove("").unwrap_or_default();
            assert!(answers.is_empty(), "lost: {answers:?}");
        }
        answered
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_loses_no_request_and_restarts_nobody() {
    let Some(program) = programs::require("postgres") else {
        return;
    };
    let postgres = servers::postgres(&program).await;
    let mut cluster = Cluster::new(&servers::postgres_url(&postgres)).await;
    for _ in 0..cluster.manifest.replicas {
        cluster.add().await;
    }
    let load = Load::start(cluster.service.url());
    for _ in 0..cluster.manifest.replicas {
        cluster.add().await;
        cluster.remove().await;
        cluster.nobody_restarted();
    }
    let answered = load.all_answered().await;
    assert!(answered > 100, "only {answered} messages were sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_takes_pods_out_of_service_and_restarts_none() {
    let Some(program) = programs::require("postgres") else {
        return;
    };
    let mut postgres = servers::postgres(&program).await;
    let mut cluster = Cluster::new(&servers::postgres_url(&postgres)).await;
    cluster.add().await;
    let period = cluster.manifest.readiness.period;
    let liveness = &cluster.manifest.liveness;
    let long_enough_for_a_restart = liveness.period * (liveness.failures + 1);
    let pod = &cluster.pods[0];

    postgres.stop().await;
    pod.oracle.component("database", "unhealthy").await;
    let unready = Instant::now();
    let first = eventually(10, "readiness fails", || async {
        pod.kubelet.seen().first_failure.ok_or("it is ready")
    })
    .await;
    assert!(first <= unready + period + LATE, "{:?}", first - unready);
    eventually(30, "the pod gets no requests", || async {
        let seen = pod.kubelet.seen();
        if seen.ready { Err(seen) } else { Ok(()) }
    })
    .await;
    sleep(long_enough_for_a_restart).await;
    cluster.nobody_restarted();

    postgres.restart().await;
    eventually(30, "the pod gets requests again", || async {
        let seen = pod.kubelet.seen();
        if seen.ready { Ok(()) } else { Err(seen) }
    })
    .await;
    let load = Load::start(cluster.service.url());
    sleep(Duration::from_millis(500)).await;
    assert!(load.all_answered().await > 0);
    cluster.nobody_restarted();
}
