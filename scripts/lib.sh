# What the scripts share: which system packages are needed for what, and how they get there. Sourced, not run.

# Building needs these; the Swift toolchain itself is the only thing a person installs by hand.
build_packages=(
  ca-certificates git g++ pkg-config
  libboost1.81-dev libc-ares-dev libcurl4-openssl-dev libre2-dev libsodium-dev libsqlite3-dev libssl-dev zlib1g-dev
)
# The tests' judges: a real browser, and fonts for it to draw with.
test_packages=(chromium faketime fonts-dejavu-core iproute2 nftables openssl python3 python3-venv)
# What scripts/bench compares with.
bench_packages=(nginx prometheus-blackbox-exporter python3 python3-venv wrk)

say() { printf '%s\n' "$*" >&2; }

# missing NAME...: the packages among NAME that dpkg does not have installed.
missing() {
  local name
  for name in "$@"; do
    case $name in
      python3) command -v python3 >/dev/null && continue ;;
      python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null && continue ;;
      chromium) chromium_path >/dev/null && continue ;;
      g++) command -v g++ >/dev/null && continue ;;
    esac
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
  done
}

chromium_path() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# available NAME...: NAME, with Boost's newer package where the distribution has left 1.81 behind.
available() {
  local name
  for name in "$@"; do
    if [ "$name" = libboost1.81-dev ] && ! apt-cache show "$name" >/dev/null 2>&1; then name=libboost-dev; fi
    printf '%s\n' "$name"
  done
}

# install_packages NAME...: installs what is missing; without the right to, prints the one line to run and fails.
install_packages() {
  command -v dpkg-query >/dev/null || { say "Martlet builds on Debian and Ubuntu: dpkg was not found."; return 1; }
  local wanted apt=(apt-get -o DPkg::Lock::Timeout=120 -q)
  mapfile -t wanted < <(missing "$@")
  [ ${#wanted[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    :
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    apt=(sudo -n env DEBIAN_FRONTEND=noninteractive "${apt[@]}")
  else
    say "System packages are missing. Run this line, then try again:"
    say "  sudo apt-get update && sudo apt-get install --no-install-recommends -y ${wanted[*]}"
    return 1
  fi
  say "Installing: ${wanted[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${apt[@]}" update >&2
  mapfile -t wanted < <(available "${wanted[@]}")
  "${apt[@]}" install --no-install-recommends -y "${wanted[@]}" >&2
}

need_swift() {
  command -v swift >/dev/null || {
    say "The Swift 6.3 toolchain is missing: install it from https://www.swift.org/install/linux/ and try again."
    return 1
  }
}

# python_environment: the pinned judges in .venv, built again only when the list of them changes.
python_environment() {
  local list=Tests/EndToEnd/requirements.txt
  if ! cmp -s "$list" .venv/requirements.txt; then
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$list" >&2
    cp "$list" .venv/requirements.txt
  fi
}
