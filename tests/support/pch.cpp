// SPDX-License-Identifier: MIT
// Owner of the precompiled header that the Asio test suites reuse. Empty on purpose.
