#!/usr/bin/env bash
# Brings the data view, the connector and the error-rate rule into Kibana. It can be run again: the same ids are replaced.
set -euo pipefail
: "${ELASTIC_PASSWORD:?}"
KIBANA=${KIBANA:-http://127.0.0.1:5601}
RULE=4f4ab9a0-6d1c-4c52-9d0e-6f7261636c65
CONNECTOR=oracle-server-log
cd "$(dirname "${BASH_SOURCE[0]}")"

call() {
  curl --silent --show-error --max-time 30 \
    --config <(printf 'user = "elastic:%s"\n' "$ELASTIC_PASSWORD") \
    --header 'kbn-xsrf: true' "$@"
}

# The import answers 200 even when an object was refused, so its answer is read.
answer=$(call --fail-with-body --form file=@data-view.ndjson "$KIBANA/api/saved_objects/_import?overwrite=true")
grep -q '"success":true' <<<"$answer" || { echo "import: the data view was refused: $answer" >&2; exit 1; }

# `put OBJECT FILE` makes an object, or replaces it when it is there. What only a creation may say is left out of the replacement.
exists() { call --fail --output /dev/null "$KIBANA/$1" 2>/dev/null; }
put() {
  local body method=POST
  body=$(cat "$2")
  if exists "$1"; then
    method=PUT
    body=$(sed -e '/"rule_type_id":/d' -e '/"consumer":/d' -e '/"connector_type_id":/d' -e '/"enabled":/d' <<<"$body")
  fi
  call --fail-with-body --output /dev/stderr --header 'content-type: application/json' --request "$method" --data-binary @- "$KIBANA/$1" <<<"$body"
}
put "api/actions/connector/$CONNECTOR" connector.json
put "api/alerting/rule/$RULE" error-rate-rule.json
echo "import: done" >&2
