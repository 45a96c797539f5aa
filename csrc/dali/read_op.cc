// fn.fastmix.read: the bytes of files, or of parts of them, with a status for each.
#include <algorithm>
#include <string>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "errors.h"
#include "read_file.h"
#include "read_range.h"
#include "remote_file.h"
#include "samples.h"

namespace fastmix {

namespace {

constexpr const char* kName = "read";

enum Input { kPath, kGivenStatus, kRange };
enum Output { kEncoded, kStatus, kMessage, kWritten };

constexpr int64_t kRangeColumns = 6;
// Processes may open 1,024 files by default, and more than one loader may be at work.
constexpr size_t kOpenFiles = 256;

std::string path_of(const uint8_t* data, int64_t size) { return {data, std::find(data, data + size, uint8_t{0})}; }

FileRange range_of(const int64_t* row) { return {row[0], row[1], {row[2], row[3]}, row[4], row[5]}; }

void check_ranges(const dali::TensorList<dali::CPUBackend>& ranges) {
  check(ranges.type() == DALI_INT64 && ranges.sample_dim() == 1, kName,
        ": expected ranges as arrays of INT64 of one dimension, got ", ranges.sample_dim(), " of type ",
        dali::TypeName(ranges.type()));
  for (int i = 0; i < ranges.num_samples(); ++i) {
    const int64_t count = ranges.tensor_shape(i).num_elements();
    check(count == kRangeColumns, kName, ": expected ranges of ", kRangeColumns, " numbers, got ", count);
  }
}

}  // namespace

class ReadOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit ReadOp(const dali::OpSpec& spec)
      : StatelessOperator(spec), max_bytes_(spec.GetArgument<int64_t>("max_bytes")) {}

 protected:
  bool HasContiguousOutputs() const override { return false; }

  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& workspace) override {
    with_dali_errors([&] {
      check_encoded(workspace, kPath, kName);
      StatusInput(workspace, kGivenStatus, kName);
      if (workspace.NumInput() > kRange) check_ranges(workspace.Input<dali::CPUBackend>(kRange));
    });
    return false;
  }

  void RunImpl(dali::Workspace& workspace) override {
    const auto& paths = workspace.Input<dali::CPUBackend>(kPath);
    const StatusInput given(workspace, kGivenStatus, kName);
    const auto* ranges = workspace.NumInput() > kRange ? &workspace.Input<dali::CPUBackend>(kRange) : nullptr;
    const int batch = paths.num_samples();
    std::vector<FileBytes> files(batch);
    auto& threads = workspace.GetThreadPool();
    for (int i = 0; i < batch; ++i) {
      files[i].status = given[i];
      if (given[i] != Status::kOk) continue;
      threads.AddWork([&, i](int) {
        const std::string path = path_of(paths.tensor<uint8_t>(i), paths.tensor_shape(i).num_elements());
        if (ranges != nullptr) {
          files[i] = read_range(open_files_, path, range_of(ranges->tensor<int64_t>(i)), max_bytes_);
        } else {
          files[i] = is_url(path) ? read_remote(path, max_bytes_) : read_file(path, max_bytes_);
        }
      });
    }
    threads.RunAll();
    auto& encoded = begin_samples(workspace, kEncoded, 1, "");
    auto& status = begin_uniform(workspace, kStatus, DALI_INT32);
    auto& written = begin_uniform(workspace, kWritten, DALI_INT64);
    auto& message = begin_samples(workspace, kMessage, 1, "");
    for (int i = 0; i < batch; ++i) {
      const FileBytes& file = files[i];
      const auto length = static_cast<int64_t>(file.message.size());
      std::shared_ptr<uint8_t[]> text = std::make_shared<uint8_t[]>(length + 1);
      std::copy_n(file.message.data(), length, text.get());
      give(message, i, text, {length});
      give(encoded, i, file.data, {file.status == Status::kOk ? static_cast<int64_t>(file.size) : 0});
      *status.mutable_tensor<int32_t>(i) = static_cast<int32_t>(file.status);
      *written.mutable_tensor<int64_t>(i) = file.written;
    }
  }

 private:
  const int64_t max_bytes_;
  OpenFiles open_files_{kOpenFiles};
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__Read, ::fastmix::ReadOp, ::dali::CPU);

DALI_SCHEMA(fastmix__Read)
    .DocStr(R"(Reads files, or parts of local files, and returns a status for each. No file fails the batch.

Local files are read, never mapped. Folders, pipes, sockets and devices are refused without blocking. A file that
changes while it is read is read again, then ``transient``. ``s3://`` and ``gs://`` are read as
``fn.io.file.read`` reads them. Returns:

* ``encoded``: uint8 (size,), of no bytes unless the status is ``ok``;
* ``status``: int32 scalar, a ``fastmix.dali.Status``: the given one unless that is ``ok``;
* ``message``: uint8 (length,), UTF-8, the system's words about a failure, mostly empty;
* ``written``: int64 scalar, the time of the last change to the bytes that were read, in nanoseconds since 1970; -1 if
  it is unknown.)")
    .NumInput(1, 3)
    .InputDox(0, "path", "1D TensorList of uint8", "Paths or URLs, which may be padded with zeros.")
    .InputDox(1, "status", "0D TensorList of int32", "Files with another status than 0 are not read.")
    .InputDox(
        2, "range", "1D TensorList of int64",
        "For members of local shards, (6,): first byte and number of bytes; the file's size and time in "
        "nanoseconds since 1970 when they were found, others are ``changed``; first byte and number of bytes that "
        "the kernel shall read ahead for later batches, 0 for none. The 256 files that were used last stay open.")
    .NumOutput(4)
    .OutputDType(0, DALI_UINT8)
    .OutputNDim(0, 1)
    .OutputDType(1, DALI_INT32)
    .OutputNDim(1, 0)
    .OutputDType(2, DALI_UINT8)
    .OutputNDim(2, 1)
    .OutputDType(3, DALI_INT64)
    .OutputNDim(3, 0)
    .AddOptionalArg<int64_t>("max_bytes", "Larger files are ``too_large``. 0 for no limit.", int64_t{1} << 30);
