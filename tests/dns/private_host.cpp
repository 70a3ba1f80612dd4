// SPDX-License-Identifier: MIT
#include "private_host.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace duet::test {

namespace {

constexpr std::array<const char*, 3> file_names{"resolv.conf", "hosts", "nsswitch.conf"};

void check(bool good, const std::string& what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

/// Files of /proc take one write(2) each, whole.
void write_once(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  check(fd >= 0, path);
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  ::close(fd);
  errno = error;
  check(whole, path);
}

void unshare_all() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const int kinds = CLONE_NEWNET | CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER);
  check(::unshare(kinds) == 0, "unshare(2)");
  if (user == 0) return;
  // Without a privilege outside only this one user can be mapped, and groups cannot be dropped.
  write_once("/proc/self/setgroups", "deny");
  write_once("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  write_once("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

void bring_loopback_up() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  check(fd >= 0, "socket(2)");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  const int error = errno;
  ::close(fd);
  errno = error;
  check(up, "SIOCSIFFLAGS");
}

void mount_over(const std::string& what, const std::string& where) {
  check(::mount(what.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) == 0,
        "mount(2) over " + where);
}

/// Things of the machine and of the environment that would answer in the files' place.
void remove_what_answers_first(const std::string& empty_folder) {
  const char* const caching_daemon = "/var/run/nscd";
  if (::access(caching_daemon, F_OK) == 0) mount_over(empty_folder, caching_daemon);
  for (const char* name : {"LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES"}) ::unsetenv(name);
}

}  // namespace

private_host::private_host(const host_files& files) {
  std::string folder = "/tmp/duet-host-XXXXXX";
  check(::mkdtemp(folder.data()) != nullptr, "mkdtemp");
  folder_ = folder;
  const std::string empty = folder + "/empty";
  std::filesystem::create_directory(empty);
  write("resolv.conf", files.resolv_conf);
  write("hosts", files.hosts);
  write("nsswitch.conf", files.nsswitch_conf);
  try {
    unshare_all();
    bring_loopback_up();
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount(2) private");
    for (const char* name : file_names)
      mount_over(folder_ + '/' + name, std::string("/etc/") + name);
    remove_what_answers_first(empty);
  } catch (const std::system_error& error) {
    refusal_ = std::string("no namespace with a resolv.conf of its own: ") + error.what();
  }
}

private_host::~private_host() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void private_host::set_resolv_conf(std::string_view text) const { write("resolv.conf", text); }

void private_host::set_hosts(std::string_view text) const { write("hosts", text); }

/// In place: the mount is of this very file.
void private_host::write(const char* name, std::string_view text) const {
  std::ofstream file(folder_ + '/' + name, std::ios::trunc);
  file << text;
  file.close();
  check(!file.fail(), name);
}

}  // namespace duet::test
