// Devices and what they say of themselves.
#include <cstdio>
#include <cstring>

#include "driver.h"
#include "limits.h"

using namespace gatun::emulator::driver;

namespace {

int attribute_of(const Driver& driver, const Device& device, int attribute, bool* known) {
  const int architecture = driver.architecture;
  *known = true;
  switch (attribute) {
    case 1: return limits::threads_per_block;
    case 2: case 3: return 1024;
    case 4: return 64;
    case 5: return 0x7FFFFFFF;
    case 6: case 7: return 65535;
    case 8: return limits::default_shared;
    case 9: return 65536;                               // constant memory
    case 10: return 32;                                 // warp
    case 11: return 0x7FFFFFFF;                         // pitch
    case 12: case 82: return 65536;                     // registers
    case 13: case 36: return 1000000;                   // clocks in kHz
    case 14: return 512;
    case 15: return 1;
    case 16: return limits::multiprocessors;
    case 19: return 1;                                  // can map host memory
    case 31: return 1;                                  // concurrent kernels
    case 33: return device.ordinal + 1;                 // PCI bus
    case 37: return 64;                                 // bits of the memory bus
    case 38: return 4 << 20;                            // L2
    case 39: return limits::threads_per_multiprocessor(architecture);
    case 40: return 2;                                  // copy engines
    case 41: return 1;                                  // unified addressing
    case 51: return 32;
    case 75: return architecture / 10;
    case 76: return architecture % 10;
    case 78: return 1;                                  // stream priorities
    case 79: case 80: return 1;
    case 81: return static_cast<int>(limits::shared_per_multiprocessor(architecture));
    case 87: return 2;
    case 90: return 1;
    case 91: return 1;                                  // registered memory keeps its host address
    case 95: return 1;                                  // cooperative launch
    case 97: return static_cast<int>(limits::opt_in_shared(architecture));
    case 99: return 1;                                  // host registration
    case 106: return limits::blocks_per_multiprocessor;
    case 111: return architecture >= 80 ? 1024 : 0;     // shared memory the system keeps of each block
    case 113: return 1;
    case 115: return 1;                                 // memory pools
    case 120: return architecture >= 90;                // clusters
    case 127: return architecture >= 90;                // tensor maps
    case 17: case 18: case 20: case 32: case 34: case 35: case 50: case 83: case 84: case 85: case 86: case 88: case 89: case 92: case 93: case 94: case 96:
    case 98: case 100: case 101: case 102: case 103: case 104: case 105: case 107: case 108: case 109: case 110: case 112: case 114: case 116: case 117:
    case 118: case 119: case 121: case 122: case 123: case 124: case 125: case 126: case 128: case 129: case 130: case 131: case 132: case 133: case 134:
    case 135: case 136: case 137: case 138: case 139: case 140: case 141: case 142: case 143: case 144: case 145: case 146: case 147:
      return 0;
    default:
      // Sizes of textures and surfaces, which the emulator has not.
      *known = attribute > 20 && attribute < 78;
      return 0;
  }
}

CUresult give_uuid(Entry& entry, CUuuid* uuid, CUdevice device) {
  if (uuid == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  memcpy(uuid->bytes, "gatun-emulator", 14);
  uuid->bytes[14] = 0;
  uuid->bytes[15] = static_cast<char>(device);
  return CUDA_SUCCESS;
}

}  // namespace

GATUN_DRIVER_FUNCTION(cuDeviceGetCount, (int* count)) {
  GATUN_ENTER(cuDeviceGetCount, needs_init);
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *count = static_cast<int>(entry.driver.devices.size());
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceGet, (CUdevice * device, int ordinal)) {
  GATUN_ENTER(cuDeviceGet, needs_init);
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(ordinal) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceGetName, (char* name, int length, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetName, needs_init);
  if (name == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  snprintf(name, static_cast<size_t>(length), "Gatun emulator (sm_%d)", entry.driver.architecture);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceGetAttribute, (int* value, CUdevice_attribute attribute, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetAttribute, needs_init);
  const Device* found = entry.driver.device(device);
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (found == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  bool known;
  const int of_device = attribute_of(entry.driver, *found, attribute, &known);
  if (!known) return CUDA_ERROR_INVALID_VALUE;
  *value = of_device;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceTotalMem_v2, (size_t * bytes, CUdevice device)) {
  GATUN_ENTER(cuDeviceTotalMem_v2, needs_init);
  if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *bytes = entry.driver.device(device)->memory;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceGetUuid, (CUuuid * uuid, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetUuid, needs_init);
  return give_uuid(entry, uuid, device);
}

GATUN_DRIVER_FUNCTION(cuDeviceGetUuid_v2, (CUuuid * uuid, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetUuid_v2, needs_init);
  return give_uuid(entry, uuid, device);
}

GATUN_DRIVER_FUNCTION(cuDeviceGetPCIBusId, (char* id, int length, CUdevice device)) {
  GATUN_ENTER(cuDeviceGetPCIBusId, needs_init);
  if (id == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  snprintf(id, static_cast<size_t>(length), "0000:%02X:00.0", device + 1);
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceGetByPCIBusId, (CUdevice * device, const char* id)) {
  GATUN_ENTER(cuDeviceGetByPCIBusId, needs_init);
  unsigned domain, bus, slot;
  if (device == nullptr || id == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (sscanf(id, "%x:%x:%x", &domain, &bus, &slot) != 3) return CUDA_ERROR_INVALID_VALUE;
  if (domain != 0 || slot != 0 || entry.driver.device(static_cast<int>(bus) - 1) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *device = static_cast<int>(bus) - 1;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceComputeCapability, (int* major, int* minor, CUdevice device)) {
  GATUN_ENTER(cuDeviceComputeCapability, needs_init);
  if (major == nullptr || minor == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(device) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *major = entry.driver.architecture / 10;
  *minor = entry.driver.architecture % 10;
  return CUDA_SUCCESS;
}

GATUN_DRIVER_FUNCTION(cuDeviceCanAccessPeer, (int* can, CUdevice device, CUdevice peer)) {
  GATUN_ENTER(cuDeviceCanAccessPeer, needs_init);
  if (can == nullptr) return CUDA_ERROR_INVALID_VALUE;
  if (entry.driver.device(device) == nullptr || entry.driver.device(peer) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *can = device != peer;
  return CUDA_SUCCESS;
}
