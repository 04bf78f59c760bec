//! Where two files must agree: addresses, users, paths, secrets, versions.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;

use super::{BINARY, strings, text, yaml};

fn services() -> Value {
    yaml("docker-compose.monitoring.yml")["services"].clone()
}

/// The container of the manifest, and the pod around it.
fn pod() -> (Value, Value) {
    let pod = yaml("kubernetes/deployment.yaml")["spec"]["template"]["spec"].clone();
    (pod["containers"][0].clone(), pod)
}

fn text_of(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn whoever_is_asked_listens_there() {
    let services = services();
    let listens = |address: &str| {
        let address = address.trim_start_matches("http://");
        let (host, port) = address.split_once(':').expect("host and port");
        let ports = strings(&services[host]["ports"]).join(" ");
        assert!(ports.contains(&format!(":{port}")), "{address}: {ports}");
    };
    let prometheus = yaml("prometheus/prometheus.yml");
    let jobs = prometheus["scrape_configs"]
        .as_array()
        .expect("there are jobs");
    for job in jobs.iter().filter(|job| job["job_name"] != "prometheus") {
        listens(text_of(&job["static_configs"][0]["targets"][0]));
    }
    let peer = &prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0];
    listens(text_of(peer));

    let oracle = &services["oracle"]["environment"];
    assert_eq!(
        oracle["ALERTMANAGER_URL"],
        format!("http://{}", text_of(peer))
    );
    let target = text_of(&jobs[0]["static_configs"][0]["targets"][0]);
    let operators = text_of(&oracle["OPS_ADDR"]);
    assert_eq!(operators.rsplit(':').next(), target.rsplit(':').next());

    let search = text_of(&services["filebeat"]["environment"]["ELASTICSEARCH"]);
    listens(search);
    for other in [
        &services["kibana"]["environment"]["ELASTICSEARCH_HOSTS"],
        &services["elasticsearch-setup"]["environment"]["ELASTICSEARCH"],
    ] {
        assert_eq!(other, search);
    }
    let reader = text_of(&oracle["ELASTICSEARCH_URL"]);
    assert!(
        reader.ends_with(search.trim_start_matches("http://")),
        "{reader}"
    );
    let database = text_of(&oracle["DATABASE_URL"]);
    let postgres = &services["postgres"]["environment"];
    let [user, name] = ["POSTGRES_USER", "POSTGRES_DB"].map(|key| text_of(&postgres[key]));
    assert!(
        database.starts_with(&format!("postgres://{user}:"))
            && database.ends_with(&format!("@postgres:5432/{name}"))
    );
}

#[test]
fn the_rules_are_mounted_where_prometheus_looks() {
    let services = services();
    let mounted = strings(&services["prometheus"]["volumes"]).join(" ");
    let prometheus = yaml("prometheus/prometheus.yml");
    let [server, beside] = strings(&prometheus["rule_files"])[..] else {
        panic!("two files");
    };
    assert!(mounted.contains(&format!("../config/rules.yml:{server}:ro")));
    assert!(mounted.contains("./prometheus:/etc/prometheus:ro"));
    assert!(text(&format!("prometheus/{beside}")).contains("OracleDown"));
    let routing = text_of(&services["oracle"]["environment"]["ALERTS_CONFIG"]);
    let mounted = strings(&services["oracle"]["volumes"]).join(" ");
    assert!(
        mounted.contains(&format!("./kubernetes/alerts.yml:{routing}:ro")),
        "{mounted}"
    );
}

#[test]
fn every_secret_of_a_channel_is_handed_in() {
    let compose = yaml("docker-compose.monitoring.yml");
    let routing = text("alertmanager/alertmanager.yml");
    let read: BTreeSet<&str> = routing
        .split("/run/secrets/")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next())
        .collect();
    let given = strings(&compose["services"]["alertmanager"]["secrets"]);
    assert_eq!(read, given.iter().copied().collect());
    for name in given {
        assert_eq!(
            compose["secrets"][name]["file"],
            format!("./secrets/{name}")
        );
    }
}

#[test]
fn the_server_is_the_same_user_with_the_same_folders_everywhere() {
    let services = services();
    let (container, pod) = pod();
    let image = text("Dockerfile");
    let user = text_of(&services["oracle"]["user"]);
    assert!(image.contains(&format!("\nUSER {user}\n")));
    let (id, group) = user.split_once(':').expect("user and group");
    assert!(
        image.contains(&format!("groupadd --gid {group} "))
            && image.contains(&format!("useradd --uid {id} --gid {group} "))
    );
    let security = &pod["securityContext"];
    for (key, expected) in [("runAsUser", id), ("runAsGroup", group), ("fsGroup", group)] {
        assert_eq!(security[key].to_string(), expected);
    }
    // Filebeat reads what the server writes, by its group.
    assert_eq!(strings(&services["filebeat"]["group_add"]), [group]);

    let environment = &services["oracle"]["environment"];
    let volumes = strings(&services["oracle"]["volumes"]).join(" ");
    for name in ["DATA_DIR", "LOG_DIR"] {
        let folder = text_of(&environment[name]);
        assert!(
            volumes.contains(&format!(":{folder} ")),
            "{folder} outlives the container: {volumes}"
        );
        assert!(image.contains(&format!("{name}={folder}")));
        let made = image
            .lines()
            .find(|line| line.contains("install -d -o oracle -g oracle -m 0750 "));
        assert!(
            made.is_some_and(|line| line.contains(folder)),
            "the image has {folder}"
        );
    }
    let mounts = container["volumeMounts"].to_string();
    let all = container["env"].as_array().expect("it has an environment");
    for name in ["DATA_DIR", "ALERTS_CONFIG"] {
        let variable = all.iter().find(|variable| variable["name"] == name);
        let path = text_of(&variable.expect("it is set")["value"]);
        let folder = path.strip_suffix("/alerts.yml").unwrap_or(path);
        assert!(
            mounts.contains(&format!("\"mountPath\":\"{folder}\"")),
            "{folder}: {mounts}"
        );
    }
}

#[tokio::test]
async fn the_group_may_read_the_log() {
    let oracle = Oracle::start(BINARY, &[("LOG_JSON", "true")]).await;
    let file = oracle.folder().join("logs/oracle_json.log");
    let metadata = eventually(10, "the file is there", || async {
        std::fs::metadata(&file)
    })
    .await;
    let mode = metadata.permissions().mode();
    assert_eq!(mode & 0o040, 0o040, "{mode:o}");
}

#[test]
fn versions_agree() {
    let root: toml::Table = include_str!("../../../Cargo.toml")
        .parse()
        .expect("it is TOML");
    let version = root["workspace"]["package"]["version"]
        .as_str()
        .expect("it has a version");
    let image = format!("oracle:{version}");
    let services = services();
    let (container, _) = pod();
    assert_eq!(services["oracle"]["image"], image);
    assert_eq!(container["image"], image);
    assert_eq!(
        yaml("kubernetes/kustomization.yaml")["images"][0]["newTag"],
        version
    );
    // What belongs to one release is of one release.
    let release = |service: &str| {
        text_of(&services[service]["image"])
            .rsplit(':')
            .next()
            .map(str::to_owned)
    };
    for service in ["elasticsearch-setup", "kibana", "filebeat"] {
        assert_eq!(release(service), release("elasticsearch"), "{service}");
    }
    // The dashboard is checked against the types of the Grafana that is deployed.
    let list = include_str!("../../programs.txt");
    let grafana = release("grafana").expect("it has a version");
    assert!(list.contains(&format!("npm:@grafana/schema@{grafana} ")));
}
