// SPDX-License-Identifier: MIT
// libc_setup: what decides how libc resolves, as it is read from the system's files: where it looks (nsswitch.conf), whom it asks and what
// it adds (resolv.conf). Shown, not used: libc reads them itself. Source: nsswitch.conf(5), resolv.conf(5).
#pragma once

#include <optional>
#include <string>

namespace duet::apps::resolve {

/// nullopt: the file cannot be read, or the variable is not set.
struct libc_setup {
  std::optional<std::string> nsswitch;
  std::optional<std::string> resolv_conf;
  std::optional<std::string> local_domain{};      ///< LOCALDOMAIN of the environment
  std::optional<std::string> resolver_options{};  ///< RES_OPTIONS
};

libc_setup read_libc_setup();

/// A line for each thing known: "nsswitch.conf hosts: files dns", "resolv.conf nameserver 192.0.2.1", search, options; and what the
/// environment puts in their place.
std::string setup_text(const libc_setup& of);

}  // namespace duet::apps::resolve
