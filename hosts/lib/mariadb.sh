#!/usr/bin/env bash
# One of two MariaDB servers that replicate: its settings, its mark on the data, its positions. Also installed on the host, for the
# commands there; stands alone. Every statement goes through standard input: what is in it is in nobody's arguments.

# Tests lay a host's files out below a folder of their own.
readonly MARIADB_ROOT=${MARIADB_HA_ROOT-}
readonly MARIADB_SETTINGS=$MARIADB_ROOT/etc/linode-ha/mariadb-pair
# shellcheck disable=SC2034 # for whoever reads this library
readonly MARIADB_TLS=$MARIADB_ROOT/etc/mysql/linode-ha
# shellcheck disable=SC2034
readonly MARIADB_LIB=$MARIADB_ROOT/usr/local/lib/linode-ha/mariadb
# shellcheck disable=SC2034
readonly MARIADB_RUN=$MARIADB_ROOT/run/linode-ha
readonly MARIADB_HEALTH_CNF=$MARIADB_ROOT/etc/linode-ha/mariadb-health.cnf
# What no application made.
readonly SYSTEM_SCHEMAS="'mysql','information_schema','performance_schema','sys'"

# mariadb_settings: reads what the deployment wrote for this host.
mariadb_settings() {
  # shellcheck source=/dev/null
  . "$MARIADB_SETTINGS"
  : "${TOPOLOGY:?}" "${CLUSTER:?}" "${NODE_NAME:?}" "${PEER_NAME:?}" "${ADDRESS:?}" "${PEER_ADDRESS:?}" "${PORT:?}" "${BASE:?}"
  : "${OWN_DOMAIN:?}" "${PEER_DOMAIN:?}" "${INITIAL_ROLE:?}" "${LAG_SECONDS:?}" "${ACK_SECONDS:?}"
  # shellcheck disable=SC2034 # for whoever reads this library
  DATADIR=$BASE/data
  MARK=$BASE/.linode-ha/mariadb
  ROLE_MARK=$BASE/.linode-ha/mariadb-role
  SOCKET=$MARIADB_ROOT/run/mysqld/mysqld.sock
}

# sql: runs standard input on this host's server as root; rows without headings, tabs between values.
sql() {
  mariadb --batch --skip-column-names --socket="$SOCKET" "$@"
}

# peer_sql SECONDS: runs standard input on the peer with the rights of the health account; TLS both ways, the peer's own certificate.
peer_sql() {
  timeout -k 1 "$1" mariadb --defaults-extra-file="$MARIADB_HEALTH_CNF" --batch --skip-column-names \
    --host="$PEER_ADDRESS" --port="$PORT" --connect-timeout="$1"
}

server_up() {
  sql <<<'SELECT 1' >/dev/null 2>&1
}

# ask_peer VERB...: the peer's mariadb-donor, over SSH with the key that may do nothing else.
ask_peer() {
  ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o HostKeyAlgorithms=ssh-ed25519 \
    -o UserKnownHostsFile="$MARIADB_ROOT/etc/linode-ha/mariadb-peer.known" -o GlobalKnownHostsFile=/dev/null \
    -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 \
    -i "$MARIADB_ROOT/etc/linode-ha/mariadb-copy.key" "root@$PEER_ADDRESS" "$@" </dev/null
}

# value NAME: of a line NAME=VALUE on standard input; nothing where there is none.
value() {
  sed -n "s/^$1=//p" | head -n 1
}

# mark_read: sets MARK_STATE and MARK_CLUSTER. States: none (no data of ours), begun (being made), made (empty, never in service),
# seeding (a copy of the peer's is coming in), open (in service: never overwritten by itself).
mark_read() {
  MARK_STATE=none MARK_CLUSTER=""
  if [[ -r $MARK ]]; then read -r MARK_STATE MARK_CLUSTER <"$MARK" || :; fi
}

# mark_write STATE: whole or not at all, also after a power cut.
mark_write() {
  mkdir -p "${MARK%/*}"
  printf '%s %s\n' "$1" "$CLUSTER" >"$MARK.new"
  sync -d "$MARK.new"
  mv "$MARK.new" "$MARK"
  sync "${MARK%/*}"
  # shellcheck disable=SC2034 # for whoever reads this library
  MARK_STATE=$1 MARK_CLUSTER=$CLUSTER
}

# role_read: sets ROLE (writer or reader) and TERM_NUMBER, which grows with each take-over: who has the higher one writes.
role_read() {
  ROLE=$INITIAL_ROLE TERM_NUMBER=0
  if [[ -r $ROLE_MARK ]]; then read -r ROLE TERM_NUMBER <"$ROLE_MARK" || :; fi
}

role_write() {
  mkdir -p "${ROLE_MARK%/*}"
  printf '%s %s\n' "$1" "$2" >"$ROLE_MARK.new"
  sync -d "$ROLE_MARK.new"
  mv "$ROLE_MARK.new" "$ROLE_MARK"
  sync "${ROLE_MARK%/*}"
  # shellcheck disable=SC2034 # for whoever reads this library
  ROLE=$1 TERM_NUMBER=$2
}

# gtid_in LIST DOMAIN: the position of that domain, for example 2-2-17, or nothing.
gtid_in() {
  local one
  for one in ${1//,/ }; do
    if [[ ${one%%-*} == "$2" ]]; then printf '%s' "$one"; fi
  done
}

# sequence GTID: its last number; 0 where there is none.
sequence() {
  printf '%s' "${1##*-}" | grep -E '^[0-9]+$' || printf 0
}

# covers LIST OTHER: whether every position of OTHER is reached in LIST.
covers() {
  local one
  for one in ${2//,/ }; do
    if (($(sequence "$(gtid_in "$1" "${one%%-*}")") < $(sequence "$one"))); then return 1; fi
  done
}

# word_of_peer: notes that the peer has just been heard of: whatever powered it off before does not count.
readonly PEER_WORD=$MARIADB_RUN/mariadb-peer-word
word_of_peer() {
  mkdir -p "$MARIADB_RUN"
  date +%s >"$PEER_WORD.new"
  mv "$PEER_WORD.new" "$PEER_WORD"
}

# server_run: names this run of the server; another one has other words.
server_run() {
  systemctl show --property=InvocationID --value mariadb.service
}

# slave_read: sets SLAVE, the state of the replication from the peer. slave NAME: one value of it; nothing where none is configured.
slave_read() {
  SLAVE=$(sql --vertical --column-names <<<'SHOW ALL SLAVES STATUS')
}

slave() {
  sed -n "s/^ *$1: //p" <<<"$SLAVE" | head -n 1
}

# user_tables: how many tables applications made here.
user_tables() {
  sql <<<"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ($SYSTEM_SCHEMAS)"
}

# unfit_tables: one a line, with what is wrong with it: what a copy by rows cannot carry, or two writers cannot.
unfit_tables() {
  local keyless=0
  if [[ $TOPOLOGY == multi-master ]]; then keyless=1; fi
  sql <<<"SELECT CONCAT(t.TABLE_SCHEMA, '.', t.TABLE_NAME, ': ', IF(t.ENGINE = 'InnoDB', 'no primary key', CONCAT('engine ', t.ENGINE, ', not InnoDB')))
FROM information_schema.TABLES t LEFT JOIN information_schema.TABLE_CONSTRAINTS c
  ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME AND c.CONSTRAINT_TYPE = 'PRIMARY KEY'
WHERE t.TABLE_TYPE = 'BASE TABLE' AND t.TABLE_SCHEMA NOT IN ($SYSTEM_SCHEMAS) AND ($keyless AND c.CONSTRAINT_NAME IS NULL OR t.ENGINE <> 'InnoDB')
ORDER BY 1"
}
