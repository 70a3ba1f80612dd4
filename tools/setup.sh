# SPDX-License-Identifier: MIT
# Sourced by tools/test, tools/bench and .ci/run: installs what tools/packages.txt lists, and nothing else.
# Says first what it would run; asks on a terminal; makes no apt call when everything is there.
# The caller sets assume_yes and may_install (yes or no) before it calls install_packages.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

duet_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# How many compilers and tests run at once.
duet_jobs=${DUET_JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# packages_of "SECTION SECTION": their packages in packages.txt, one a line; one that is in two sections comes once.
packages_of() {
  local wanted=" $1 " section='' line
  local -A seen=()
  while IFS= read -r line; do
    case $line in
      '' | '#'*) ;;
      '['*']') section=${line:1:-1} ;;
      *)
        if [[ $wanted == *" $section "* && -z ${seen[$line]:-} ]]; then
          seen[$line]=yes
          say "$line"
        fi
        ;;
    esac
  done <"$duet_root/tools/packages.txt"
  return 0
}

# Of the packages on stdin, those that dpkg does not have.
missing() {
  local package
  while IFS= read -r package; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] ||
      say "$package"
  done
}

# DUET_OS_RELEASE stands in for the file in the tests of this script.
is_debian_12() {
  local file=${DUET_OS_RELEASE:-/etc/os-release}
  [[ -r $file ]] && (
    # shellcheck source=/dev/null
    . "$file" && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]]
  )
}

explain_other_system() {
  say "This is not Debian 12, so nothing is installed. Needed (Debian's names):"
  say "  to build:        $(packages_of build | tr '\n' ' ')"
  say "  some tests skip without: $(packages_of test | tr '\n' ' ')"
  say "g++ >= 12 or clang >= 16, CMake >= 3.25, Asio >= 1.22.1."
  say "With these in place: $0 --no-install"
}

# ask PROMPT: true for yes; without a terminal nobody can be asked, and the line is already printed.
ask() {
  [[ $assume_yes == yes || ! -t 0 || ! -t 1 ]] && return 0
  local answer
  read -r -p "$1 [Y/n] " answer
  [[ -z $answer || $answer == [yY]* ]]
}

is_root() { (($(id -u) == 0)); }

as_root() {
  if is_root; then "$@"; else sudo "$@"; fi
}

# install_packages "NEEDED SECTIONS" "OPTIONAL SECTIONS": needed packages must arrive, optional ones are only missed.
install_packages() {
  local needed=() optional=() all=()
  if [[ $may_install == no ]]; then
    if is_debian_12; then
      mapfile -t all < <(packages_of "$1 $2" | missing)
      ((${#all[@]} == 0)) || say "Not installed, as asked: ${all[*]}"
    fi
    local tool
    for tool in cmake ninja; do
      command -v "$tool" >/dev/null || die "cannot build without $tool, and --no-install installs nothing"
    done
    return 0
  fi
  if ! is_debian_12; then
    explain_other_system >&2
    exit 1
  fi
  mapfile -t needed < <(packages_of "$1" | missing)
  mapfile -t optional < <(packages_of "$2" | missing)
  all=("${needed[@]}" "${optional[@]}")
  ((${#all[@]} == 0)) && return 0

  local sudo_word=''
  if ! is_root; then
    sudo_word='sudo '
    if ! command -v sudo >/dev/null; then
      local line="apt-get update && apt-get install -y --no-install-recommends ${all[*]}"
      ((${#needed[@]} == 0)) || die "not root and no sudo; as root: $line"
      say "Going on without ${all[*]}: what needs them skips. As root: $line"
      return 0
    fi
  fi
  say "${sudo_word}apt-get update"
  say "${sudo_word}apt-get install -y --no-install-recommends ${all[*]}"
  ask "Run these?" || die "nothing installed; --no-install goes on without"

  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -q || say "apt-get update failed; trying with the lists that are there"
  if ! as_root apt-get install -y -q --no-install-recommends "${all[@]}"; then
    # A peer that cannot be had must not stop the rest.
    ((${#needed[@]} == 0)) ||
      as_root apt-get install -y -q --no-install-recommends "${needed[@]}" ||
      die "could not install: ${needed[*]}"
    local package
    for package in "${optional[@]}"; do
      as_root apt-get install -y -q --no-install-recommends "$package" ||
        say "Without $package: what needs it skips."
    done
  fi
}
