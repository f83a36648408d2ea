package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.Downcall.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The functions of one loaded driver library, under the names that it exports. The shape of each is that of its declaration in
 * {@code cuda.h}: {@code L} for a pointer, a handle or a {@code size_t}, {@code I} for an int or an enum.
 */
final class Driver extends LibraryFunctions {
  final Entry cuInit = required("cuInit", "I");
  final Entry cuDriverGetVersion = required("cuDriverGetVersion", "L");
  final Entry cuGetErrorName = required("cuGetErrorName", "IL");
  final Entry cuGetErrorString = required("cuGetErrorString", "IL");
  final Entry cuDeviceGetCount = required("cuDeviceGetCount", "L");
  final Entry cuDeviceGet = required("cuDeviceGet", "LI");
  final Entry cuDeviceGetName = required("cuDeviceGetName", "LII");
  final Entry cuDeviceGetAttribute = required("cuDeviceGetAttribute", "LII");
  final Entry cuDeviceTotalMem_v2 = required("cuDeviceTotalMem_v2", "LI");
  final Entry cuDeviceGetUuid_v2 = required("cuDeviceGetUuid_v2", "LI");
  final Entry cuDeviceGetPCIBusId = required("cuDeviceGetPCIBusId", "LII");
  final Entry cuDevicePrimaryCtxRetain = required("cuDevicePrimaryCtxRetain", "LI");
  final Entry cuDevicePrimaryCtxRelease_v2 = required("cuDevicePrimaryCtxRelease_v2", "I");
  final Entry cuCtxSetCurrent = required("cuCtxSetCurrent", "L");
  final Entry cuCtxGetCurrent = required("cuCtxGetCurrent", "L");
  final Entry cuCtxGetDevice = required("cuCtxGetDevice", "L");
  final Entry cuCtxSynchronize = required("cuCtxSynchronize", "");
  final Entry cuCtxGetStreamPriorityRange = required("cuCtxGetStreamPriorityRange", "LL");
  final Entry cuMemGetInfo_v2 = required("cuMemGetInfo_v2", "LL");
  final Entry cuMemAlloc_v2 = required("cuMemAlloc_v2", "LL");
  final Entry cuMemFree_v2 = required("cuMemFree_v2", "L");
  final Entry cuMemHostAlloc = required("cuMemHostAlloc", "LLI");
  final Entry cuMemFreeHost = required("cuMemFreeHost", "L");
  final Entry cuMemHostGetDevicePointer_v2 = required("cuMemHostGetDevicePointer_v2", "LLI");
  final Entry cuMemAllocAsync = required("cuMemAllocAsync", "LLL");
  final Entry cuMemAllocFromPoolAsync = required("cuMemAllocFromPoolAsync", "LLLL");
  final Entry cuMemFreeAsync = required("cuMemFreeAsync", "LL");
  final Entry cuDeviceGetDefaultMemPool = required("cuDeviceGetDefaultMemPool", "LI");
  final Entry cuMemPoolCreate = required("cuMemPoolCreate", "LL");
  final Entry cuMemPoolDestroy = required("cuMemPoolDestroy", "L");
  final Entry cuMemPoolSetAttribute = required("cuMemPoolSetAttribute", "LIL");
  final Entry cuMemPoolGetAttribute = required("cuMemPoolGetAttribute", "LIL");
  final Entry cuMemPoolTrimTo = required("cuMemPoolTrimTo", "LL");
  final Entry cuMemcpyAsync = required("cuMemcpyAsync", "LLLL");
  final Entry cuMemcpyHtoDAsync_v2 = required("cuMemcpyHtoDAsync_v2", "LLLL");
  final Entry cuMemcpyDtoHAsync_v2 = required("cuMemcpyDtoHAsync_v2", "LLLL");
  final Entry cuMemsetD8Async = required("cuMemsetD8Async", "LILL");
  final Entry cuMemsetD32Async = required("cuMemsetD32Async", "LILL");
  final Entry cuModuleLoadDataEx = required("cuModuleLoadDataEx", "LLILL");
  final Entry cuModuleUnload = required("cuModuleUnload", "L");
  final Entry cuModuleGetFunction = required("cuModuleGetFunction", "LLL");
  final Entry cuModuleGetGlobal_v2 = required("cuModuleGetGlobal_v2", "LLLL");
  final Entry cuFuncGetAttribute = required("cuFuncGetAttribute", "LIL");
  final Entry cuFuncSetAttribute = required("cuFuncSetAttribute", "LII");
  final Entry cuOccupancyMaxActiveBlocksPerMultiprocessor = required("cuOccupancyMaxActiveBlocksPerMultiprocessor", "LLIL");
  final Entry cuLaunchKernelEx = required("cuLaunchKernelEx", "LLLL");
  final Entry cuLaunchHostFunc = required("cuLaunchHostFunc", "LLL");
  final Entry cuStreamCreateWithPriority = required("cuStreamCreateWithPriority", "LII");
  final Entry cuStreamDestroy_v2 = required("cuStreamDestroy_v2", "L");
  final Entry cuStreamQuery = required("cuStreamQuery", "L");
  final Entry cuStreamSynchronize = required("cuStreamSynchronize", "L");
  final Entry cuStreamWaitEvent = required("cuStreamWaitEvent", "LLI");
  final Entry cuStreamIsCapturing = optional("cuStreamIsCapturing", "LL");
  final Entry cuStreamBeginCapture_v2 = optional("cuStreamBeginCapture_v2", "LI");
  final Entry cuStreamEndCapture = optional("cuStreamEndCapture", "LL");
  final Entry cuEventCreate = required("cuEventCreate", "LI");
  final Entry cuEventDestroy_v2 = required("cuEventDestroy_v2", "L");
  final Entry cuEventRecord = required("cuEventRecord", "LL");
  final Entry cuEventQuery = required("cuEventQuery", "L");
  final Entry cuEventSynchronize = required("cuEventSynchronize", "L");
  final Entry cuEventElapsedTime = required("cuEventElapsedTime", "LLL");
  final Entry cuGraphDestroy = optional("cuGraphDestroy", "L");
  final Entry cuGraphGetNodes = optional("cuGraphGetNodes", "LLL");
  final Entry cuGraphInstantiateWithFlags = optional("cuGraphInstantiateWithFlags", "LLL");
  final Entry cuGraphExecUpdate_v2 = optional("cuGraphExecUpdate_v2", "LLL");
  final Entry cuGraphExecDestroy = optional("cuGraphExecDestroy", "L");
  final Entry cuGraphUpload = optional("cuGraphUpload", "LL");
  final Entry cuGraphLaunch = optional("cuGraphLaunch", "LL");
  final Entry cuOccupancyMaxActiveClusters = optional("cuOccupancyMaxActiveClusters", "LLL");
  final Entry cuTensorMapEncodeTiled = optional("cuTensorMapEncodeTiled", "LIILLLLLIIII");
  final Entry cuGraphCreate = optional("cuGraphCreate", "LI");
  final Entry cuGraphAddChildGraphNode = optional("cuGraphAddChildGraphNode", "LLLLL");
  final Entry cuGraphAddKernelNode_v2 = optional("cuGraphAddKernelNode_v2", "LLLLL");
  final Entry cuGraphExecKernelNodeSetParams_v2 = optional("cuGraphExecKernelNodeSetParams_v2", "LLL");
  final Entry cuMemHostRegister_v2 = optional("cuMemHostRegister_v2", "LLI");
  final Entry cuMemHostUnregister = optional("cuMemHostUnregister", "L");
  final Entry cuDeviceCanAccessPeer = optional("cuDeviceCanAccessPeer", "LII");
  final Entry cuCtxEnablePeerAccess = optional("cuCtxEnablePeerAccess", "LI");
  final Entry cuMemcpyPeerAsync = optional("cuMemcpyPeerAsync", "LLLLLL");
  final Entry cuStreamGetCaptureInfo_v2 = optional("cuStreamGetCaptureInfo_v2", "LLLLLL");

  Driver(DynamicLibrary library, String description) {
    super(library, description);
  }

  /** Throws what a call reported, unless that is success. The device, or the library, is named by {@code where}. */
  void check(Entry function, int result, Object where) {
    if (result != 0) {
      throw failure(function, result, where, "");
    }
  }

  CudaException failure(Entry function, int result, Object where, String detail) {
    return new CudaException(function.name(), result, text(cuGetErrorName, result, "CUDA_ERROR_" + result), text(cuGetErrorString, result, ""),
        where.toString(), detail);
  }

  private static String text(Entry function, int result, String otherwise) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(ValueLayout.JAVA_LONG);
      String known = call(function, result, text.address()) == 0 ? NativeText.at(text.get(ValueLayout.JAVA_LONG, 0)) : "";
      return known.isEmpty() ? otherwise : known;
    }
  }
}
