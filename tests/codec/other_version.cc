// A library with nvImageCodec's functions of which one works: it tells a version that fastmix was not built for.
#include <cstddef>

extern "C" {

struct Properties {
  int type;
  size_t size;
  void* next;
  unsigned version;
};

int nvimgcodecGetProperties(Properties* properties) {
  properties->version = 1042;
  return 0;
}

#define FUNCTION(name) \
  int nvimgcodec##name() { return 1; }
FUNCTION(InstanceCreate)
FUNCTION(DecoderCreate)
FUNCTION(DecoderDestroy)
FUNCTION(DecoderDecode)
FUNCTION(FutureDestroy)
FUNCTION(FutureWaitForAll)
FUNCTION(FutureGetProcessingStatus)
FUNCTION(ImageCreate)
FUNCTION(ImageDestroy)
FUNCTION(CodeStreamCreateFromHostMem)
FUNCTION(CodeStreamDestroy)
FUNCTION(CodeStreamGetImageInfo)
FUNCTION(CodeStreamGetSubCodeStream)
}
