// fastmix._jpeg: rewrites JPEGs without loss. Needs libjpeg-turbo.
#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <string_view>

#include "transcode.h"

namespace py = pybind11;

PYBIND11_MODULE(_jpeg, m) {
  m.doc() = "Rewrite JPEGs without loss.";
  m.def(
      "transcode",
      [](const py::bytes& file, unsigned interval, size_t room) -> py::object {
        if (interval < 1 || interval > 0xFFFF) {
          throw py::value_error("transcode: expected interval in [1, 65535], got " + std::to_string(interval));
        }
        const auto data = static_cast<std::string_view>(file);
        std::unique_ptr<uint8_t[]> out;
        size_t size = 0;
        {
          py::gil_scoped_release release;
          out = std::make_unique_for_overwrite<uint8_t[]>(room);
          size =
              fastmix::transcode(reinterpret_cast<const uint8_t*>(data.data()), data.size(), interval, out.get(), room);
        }
        if (size == 0) return py::none();
        return py::bytes(reinterpret_cast<const char*>(out.get()), size);
      },
      py::arg("file"), py::arg("interval"), py::arg("room"),
      "Return the JPEG with a restart marker every `interval` MCUs and optimal Huffman tables. Coefficients and other "
      "markers stay the same. Return None if the file should stay as it is, or if the result needs `room` bytes or "
      "more.");
}
