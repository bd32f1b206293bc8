#!/bin/sh
# The agent's installation on one host: looked at, put in, switched, taken out. POSIX sh, nothing but the base system.
#
# probe [become]    print what a deployment must know, one `name=value` a line
# install VERSION   unpack the archive on stdin as VERSION, make the user, state and wrapper (idempotent)
# key               this agent's id and public key; trusts the hub's host key that comes on stdin
# identity          the same, without trusting anybody
# reads all|own     let the agent read that from now on, and start it anew
# start             enable and start, however this host starts things
# switch VERSION S  run VERSION; go back by itself unless it has reported within S seconds
# running           exit status 0 when it runs
# remove            stop it and leave nothing
#
# ROOT is this installation's folder; what was decided for it lies in ROOT/settings: AGENT_USER, PYTHON, HUB, MODE, READS
# (all: it may read what is root's; own: only what its user may).
set -eu
export LC_ALL=C
umask 022
trap '' HUP # a lost connection must not leave a switch half done
UNIT=watchdeck-agent

settings() {
  # shellcheck source=/dev/null
  . "$ROOT/settings"
  STATE=$ROOT/state
}

probe() {
  echo "system=$(uname -s)"
  echo "machine=$(uname -m)"
  echo "libc=$(if ldd --version 2>&1 | grep -qi musl; then echo musl; else echo glibc; fi)"
  echo "uid=$(id -u)"
  echo "home=$HOME"
  # Only when it is wanted: sudo looks its host up, which takes long where no name server answers.
  if [ "${1:-}" = become ] && [ "$(id -u)" != 0 ]; then
    echo "sudo=$(if sudo -n true 2>/dev/null; then echo yes; else echo no; fi)"
  fi
  echo "systemd=$(if [ -d /run/systemd/system ]; then echo yes; else echo no; fi)"
  echo "ssh=$(command -v ssh || true)"
  echo "keygen=$(command -v ssh-keygen || true)"
  echo "crontab=$(command -v crontab || true)"
  echo "client=${SSH_CONNECTION:-}"
  for name in python3 python3.13 python3.12 python3.11 python3.10 python3.9 /usr/libexec/platform-python; do
    path=$(command -v "$name" || true)
    [ -n "$path" ] || continue
    version=$("$path" -c 'import sys, zlib, select; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    echo "python=$version $path"
  done
  for folder in /opt "$HOME"; do
    echo "free_kb=$folder $(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')"
    for root in "$folder/watchdeck-agent" "$folder/.local/share/watchdeck-agent"; do
      [ -L "$root/current" ] || continue
      echo "installed=$root $(basename "$(readlink "$root/current")")"
      echo "reads=$root $(sed -n 's/^READS=//p' "$root/settings" 2>/dev/null)"
    done
  done
  true
}

install() {
  settings
  version=$ROOT/versions/$1
  if [ ! -d "$version" ]; then
    rm -rf "$version.new"
    mkdir -p "$version.new"
    tar -xzf - -C "$version.new"
    mv "$version.new" "$version"
  fi
  if [ -n "$AGENT_USER" ] && ! id "$AGENT_USER" >/dev/null 2>&1; then
    useradd --system --no-create-home --home-dir "$STATE" --shell /usr/sbin/nologin "$AGENT_USER"
    : >"$ROOT/made-user"
  fi
  mkdir -p "$STATE" "$ROOT/bin"
  chmod 700 "$STATE"
  [ -z "$AGENT_USER" ] || chown -R "$AGENT_USER" "$STATE"
  [ -L "$ROOT/current" ] || ln -s "versions/$1" "$ROOT/current"
  cat >"$ROOT/bin/watchdeck-agent" <<EOF
#!/bin/sh
exec "$PYTHON" -I -S -B "$ROOT/current/run.py" "\$@"
EOF
  chmod 755 "$ROOT/bin/watchdeck-agent"
  "$PYTHON" -I -m compileall -q "$version/lib" >/dev/null || true # else every start compiles anew
  "$PYTHON" -I -S -B "$version/run.py" --version >/dev/null
}

as_agent() {
  if [ -n "$AGENT_USER" ]; then
    su -s /bin/sh -c '"$0" "$@"' "$AGENT_USER" -- "$@"
  else
    "$@"
  fi
}

identity() {
  settings
  as_agent "$ROOT/bin/watchdeck-agent" key --state "$STATE"
}

key() {
  settings
  as_agent "$ROOT/bin/watchdeck-agent" key --state "$STATE" --trust "$HUB"
}

unit() {
  # Whose sockets are whose, serial numbers: reading what is root's, and nothing more.
  capabilities=
  [ "${READS:-own}" != all ] || capabilities="CAP_DAC_READ_SEARCH CAP_SYS_PTRACE"
  cat <<EOF
[Unit]
Description=Watchdeck agent
Wants=network-online.target
After=network-online.target

[Service]
User=$AGENT_USER
ExecStart=$ROOT/bin/watchdeck-agent run --state $STATE --hub $HUB
Restart=always
RestartSec=2
Nice=5
MemoryMax=192M
AmbientCapabilities=$capabilities
CapabilityBoundingSet=$capabilities
NoNewPrivileges=yes
ProtectHome=read-only
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
EOF
}

supervisor() {
  cat <<EOF
#!/bin/sh
# Keeps the agent running where no systemd does; ends when its pid file is gone or another's.
echo \$\$ >"$STATE/supervisor.pid"
while [ "\$(cat "$STATE/supervisor.pid" 2>/dev/null)" = \$\$ ]; do
  "$ROOT/bin/watchdeck-agent" run --state "$STATE" --hub "$HUB" </dev/null >>"$STATE/agent.log" 2>&1 &
  echo \$! >"$STATE/agent.pid"
  wait \$! || true
  [ "\$(wc -c <"$STATE/agent.log")" -lt 1000000 ] || : >"$STATE/agent.log"
  sleep 2
done
EOF
}

start() {
  settings
  if [ "$MODE" = systemd ]; then
    unit >"/etc/systemd/system/$UNIT.service"
    systemctl daemon-reload
    systemctl enable -q "$UNIT"
    systemctl restart "$UNIT"
    return
  fi
  supervisor >"$ROOT/supervise"
  chmod 755 "$ROOT/supervise"
  supervise=$ROOT/supervise
  [ -z "$AGENT_USER" ] || supervise="su -s /bin/sh -c $ROOT/supervise $AGENT_USER"
  if command -v crontab >/dev/null 2>&1; then
    { crontab -l 2>/dev/null | grep -vF "$ROOT/supervise" || true; echo "@reboot $supervise"; } | crontab -
  fi
  halt
  # shellcheck disable=SC2086 # words, not one
  setsid $supervise </dev/null >/dev/null 2>&1 &
}

reads() {
  sed "s/^READS=.*/READS=$1/" "$ROOT/settings" >"$ROOT/settings.new"
  mv "$ROOT/settings.new" "$ROOT/settings"
  start
}

halt() {
  if [ "$MODE" = systemd ]; then
    systemctl stop "$UNIT" 2>/dev/null || true
    return
  fi
  if [ -f "$STATE/supervisor.pid" ]; then
    kill "$(cat "$STATE/supervisor.pid")" 2>/dev/null || true
    rm -f "$STATE/supervisor.pid"
  fi
  if [ -f "$STATE/agent.pid" ]; then
    pid=$(cat "$STATE/agent.pid")
    kill "$pid" 2>/dev/null || true
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.5
    done
    kill -9 "$pid" 2>/dev/null || true
    rm -f "$STATE/agent.pid"
  fi
}

running() {
  settings
  if [ "$MODE" = systemd ]; then
    systemctl is-active -q "$UNIT"
  else
    kill -0 "$(cat "$STATE/agent.pid")" 2>/dev/null
  fi
}

switch() {
  settings
  old=$(basename "$(readlink "$ROOT/current")")
  : >"$ROOT/switched"
  sleep 1 # some file systems tell times apart by whole seconds only
  ln -sfn "versions/$1" "$ROOT/current"
  start
  left=$2
  while [ "$left" -gt 0 ] && [ -z "$(find "$STATE/reported" -newer "$ROOT/switched" 2>/dev/null)" ]; do
    sleep 1
    left=$((left - 1))
  done
  if [ "$left" -gt 0 ]; then
    for version in "$ROOT"/versions/*; do
      case $(basename "$version") in "$1" | "$old") ;; *) rm -rf "$version" ;; esac
    done
    echo switched
    return
  fi
  ln -sfn "versions/$old" "$ROOT/current"
  start
  [ "$old" = "$1" ] || rm -rf "${ROOT:?}/versions/$1"
  echo "rolled back to $old"
}

remove() {
  [ -f "$ROOT/settings" ] || exit 0
  settings
  halt
  if [ "$MODE" = systemd ]; then
    systemctl disable -q "$UNIT" 2>/dev/null || true
    rm -f "/etc/systemd/system/$UNIT.service"
    systemctl daemon-reload
    systemctl reset-failed -q "$UNIT" 2>/dev/null || true
  elif command -v crontab >/dev/null 2>&1; then
    crontab -l 2>/dev/null | grep -vF "$ROOT/supervise" | crontab - || true
  fi
  if [ -f "$ROOT/made-user" ]; then
    for _ in 1 2 3 4 5 6 7 8 9 10; do # what it ran may take a moment to end
      userdel "$AGENT_USER" 2>/dev/null && break
      sleep 0.5
    done
  fi
  rm -rf "${ROOT:?}"
}

"$@"
