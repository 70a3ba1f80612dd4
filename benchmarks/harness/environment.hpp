// SPDX-License-Identifier: MIT
// What the figures were measured on and with: everything that one needs to doubt or repeat them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/probes.hpp"
#include "harness/topology.hpp"

namespace duet::bench {

class interrupt_source;

/// Names and what the system says to them, as it says it.
using facts = std::map<std::string, std::string>;

struct environment {
  std::string host;
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
  std::string libraries;  ///< the C and the C++ one
  std::string memory;
  std::string started_at;
  std::string load_before;
  facts mitigations;  ///< of the CPU's weaknesses; only those that it has
  facts sysctls;      ///< of sockets: buffers, queues, congestion control
  facts limits;
  std::vector<probe> probes;
};

/// Those that are one text each, by the names they have in JSON.
std::vector<std::pair<const char*, std::string*>> texts_of(environment&);

environment read_environment(interrupt_source&);

/// cubic, else reno, if the kernel lets this process choose it; else the system's default, which may be bbr, and that
/// paces even on loopback.
std::string usable_congestion_control();

/// "2024-05-31T12:34:56Z", now.
std::string utc_now();

}  // namespace duet::bench
