#!/usr/bin/env bash
# Sets Elasticsearch up: two users beside its own, the life of the logs, the index template. It can be run again.
set -euo pipefail
: "${ELASTICSEARCH:?}" "${ELASTIC_PASSWORD:?}" "${KIBANA_SYSTEM_PASSWORD:?}" "${FILEBEAT_PASSWORD:?}" "${ORACLE_READER_PASSWORD:?}"
cd "$(dirname "${BASH_SOURCE[0]}")"

# The body comes from standard input, and the password from a file descriptor, so that neither stands in a list of processes.
send() {
  curl --fail-with-body --silent --show-error --max-time 30 --output /dev/stderr \
    --config <(printf 'user = "elastic:%s"\n' "$ELASTIC_PASSWORD") \
    --header 'content-type: application/json' --request "$1" --data-binary @- "$ELASTICSEARCH/$2"
  echo "setup: $1 $2" >&2
}

send POST _security/user/kibana_system/_password <<<"{\"password\":\"$KIBANA_SYSTEM_PASSWORD\"}"

# Filebeat may add documents to its data stream, and nothing else.
send PUT _security/role/filebeat_writer <<'JSON'
{"cluster":["monitor"],"indices":[{"names":["filebeat-oracle*"],"privileges":["auto_configure","create_doc"]}]}
JSON
send PUT _security/user/filebeat_internal <<<"{\"password\":\"$FILEBEAT_PASSWORD\",\"roles\":[\"filebeat_writer\"]}"

# The server may look for errors, and nothing else.
send PUT _security/role/oracle_reader <<'JSON'
{"indices":[{"names":["filebeat-*"],"privileges":["read"]}]}
JSON
send PUT _security/user/oracle_reader <<<"{\"password\":\"$ORACLE_READER_PASSWORD\",\"roles\":[\"oracle_reader\"]}"

send PUT _ilm/policy/oracle-logs <lifecycle.json
send PUT _index_template/oracle-logs <index-template.json
echo "setup: done" >&2
