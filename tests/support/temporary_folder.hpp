// SPDX-License-Identifier: MIT
// A folder of one test case's own, for socket files and the like; removed at the end with what is in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace duet::test {

class temporary_folder {
 public:
  temporary_folder() {
    const char* const root = std::getenv("TMPDIR");
    std::string path = std::string(root != nullptr ? root : "/tmp") + "/duet-XXXXXX";
    // A socket's path has 107 bytes at most (unix(7)).
    if (path.size() > 80) path = "/tmp/duet-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp " + path);
    path_ = path;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  /// A path inside that has not been given out before; nothing is there.
  [[nodiscard]] std::string fresh_path() const { return path_ + "/" + std::to_string(++given_); }
  /// Names of what is there.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(path_))
      names.push_back(each.path().filename());
    return names;
  }

 private:
  std::string path_;
  mutable int given_ = 0;
};

}  // namespace duet::test
