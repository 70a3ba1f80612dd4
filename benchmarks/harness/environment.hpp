// SPDX-License-Identifier: MIT
// What the figures were measured on and with: everything that one needs to doubt or repeat them.
// The probes and sysctls of the method's page have their place here, they are not gathered yet.
#pragma once

#include <string>
#include <vector>

#include "harness/topology.hpp"

namespace duet::bench {

class interrupt_source;

struct environment {
  std::string kernel;
  std::string cpu_model;
  std::vector<cpu> allowed_cpus;
  std::string virtualisation;  ///< "hypervisor present" or "none seen"
  std::string clock_source;
  std::string default_congestion_control;
  std::string compiler;
  std::string build_type;
  std::string flags;
  std::string asio_version;
  std::string duet_version;
  std::string
      revision;  ///< of git, "-dirty" appended if the tree differs; "unknown" outside of a repository
  std::string started_at;
  std::string load_before;
};

environment read_environment(interrupt_source&);

/// cubic, else reno, if the kernel lets this process choose it; else the system's default, which may be bbr, and that
/// paces even on loopback.
std::string usable_congestion_control();

/// "2024-05-31T12:34:56Z", now.
std::string utc_now();

}  // namespace duet::bench
