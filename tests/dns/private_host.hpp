// SPDX-License-Identifier: MIT
// private_host: moves this process, and what it starts, to a host of its own for names: user (unless root), network and mount
// namespaces, loopback up, and files of the test in place of those that libc reads. Nothing of the machine changes, and nothing is to be
// undone: it ends with the process. Source: unshare(2), user_namespaces(7), mount(2), resolv.conf(5), nsswitch.conf(5).
#pragma once

#include <string>
#include <string_view>

namespace duet::test {

/// What libc shall find in /etc.
struct host_files {
  std::string resolv_conf = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n";
  std::string hosts = "127.0.0.1 localhost\n::1 localhost\n";
  std::string nsswitch_conf = "hosts: files dns\nservices: files\n";
};

class private_host {
 public:
  /// Goes there. Before this process has a second thread, and once in its life: threads that are there already stay where they are.
  explicit private_host(const host_files& files = {});
  private_host(const private_host&) = delete;
  private_host& operator=(const private_host&) = delete;
  ~private_host();

  /// Why it cannot be had here; empty if it is there.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

  /// Other contents. libc reads resolv.conf again at the next lookup that sees it changed, and hosts at each.
  void set_resolv_conf(std::string_view text) const;
  void set_hosts(std::string_view text) const;

 private:
  void write(const char* name, std::string_view text) const;
  std::string folder_;
  std::string refusal_;
};

}  // namespace duet::test
