// fn.fastmix.read: the bytes of files, with a status for each.
#include <algorithm>
#include <string>
#include <vector>

#include "dali/pipeline/operator/checkpointing/stateless_operator.h"
#include "dali/pipeline/util/thread_pool.h"
#include "errors.h"
#include "read_file.h"
#include "remote_file.h"
#include "samples.h"

namespace fastmix {

namespace {

constexpr const char* kName = "read";

enum Output { kEncoded, kStatus, kMessage, kOutputs };

std::string path_of(const uint8_t* data, int64_t size) { return {data, std::find(data, data + size, uint8_t{0})}; }

}  // namespace

class ReadOp : public dali::StatelessOperator<dali::CPUBackend> {
 public:
  explicit ReadOp(const dali::OpSpec& spec)
      : StatelessOperator(spec), max_bytes_(spec.GetArgument<int64_t>("max_bytes")) {}

 protected:
  bool HasContiguousOutputs() const override { return false; }

  bool SetupImpl(std::vector<dali::OutputDesc>&, const dali::Workspace& workspace) override {
    with_dali_errors([&] { check_encoded(workspace, 0, kName); });
    return false;
  }

  void RunImpl(dali::Workspace& workspace) override {
    const auto& paths = workspace.Input<dali::CPUBackend>(0);
    const int batch = paths.num_samples();
    std::vector<FileBytes> files(batch);
    auto& threads = workspace.GetThreadPool();
    for (int i = 0; i < batch; ++i) {
      threads.AddWork([&, i](int) {
        const std::string path = path_of(paths.tensor<uint8_t>(i), paths.tensor_shape(i).num_elements());
        files[i] = is_url(path) ? read_remote(path, max_bytes_) : read_file(path, max_bytes_);
      });
    }
    threads.RunAll();
    auto& encoded = begin_samples(workspace, kEncoded, 1, "");
    auto& status = begin_uniform(workspace, kStatus, DALI_INT32);
    auto& message = begin_samples(workspace, kMessage, 1, "");
    for (int i = 0; i < batch; ++i) {
      const FileBytes& file = files[i];
      const auto length = static_cast<int64_t>(file.message.size());
      std::shared_ptr<uint8_t[]> text = std::make_shared<uint8_t[]>(length + 1);
      std::copy_n(file.message.data(), length, text.get());
      give(message, i, text, {length});
      give(encoded, i, file.data, {file.status == Status::kOk ? static_cast<int64_t>(file.size) : 0});
      *status.mutable_tensor<int32_t>(i) = static_cast<int32_t>(file.status);
    }
  }

 private:
  const int64_t max_bytes_;
};

}  // namespace fastmix

DALI_REGISTER_OPERATOR(fastmix__Read, ::fastmix::ReadOp, ::dali::CPU);

DALI_SCHEMA(fastmix__Read)
    .DocStr(R"(Reads files and returns a status for each. No file fails the batch.

Local files are read, never mapped. Folders, pipes, sockets and devices are refused without blocking. A file that
changes while it is read is read again, then ``transient``. ``s3://`` and ``gs://`` are read as
``fn.io.file.read`` reads them. Returns:

* ``encoded``: uint8 (size,), of no bytes unless the status is ``ok``;
* ``status``: int32 scalar, a ``fastmix.dali.Status``;
* ``message``: uint8 (length,), UTF-8, the system's words about a failure, mostly empty.)")
    .NumInput(1)
    .InputDox(0, "path", "1D TensorList of uint8", "Paths or URLs, which may be padded with zeros.")
    .NumOutput(3)
    .OutputDType(0, DALI_UINT8)
    .OutputNDim(0, 1)
    .OutputDType(1, DALI_INT32)
    .OutputNDim(1, 0)
    .OutputDType(2, DALI_UINT8)
    .OutputNDim(2, 1)
    .AddOptionalArg<int64_t>("max_bytes", "Larger files are ``too_large``. 0 for no limit.", int64_t{1} << 30);
