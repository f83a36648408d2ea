// NVRTC, NVML, NVTX and cuBLAS as far as the bindings call them, with answers that a test can predict. The signatures are those of NVIDIA's
// headers; the matrix product is column-major, as cuBLAS documents it.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char log_text[256];
static char ptx_text[512];

int nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 1;
  return 0;
}

const char* nvrtcGetErrorString(int result) {
  return result == 6 ? "NVRTC_ERROR_COMPILATION" : result == 5 ? "NVRTC_ERROR_INVALID_OPTION" : "NVRTC_ERROR_UNKNOWN";
}

int live_programs = 0;

int nvrtcCreateProgram(char** program, const char* source, const char* name, int headers, const char* const* texts, const char* const* names) {
  if (headers != 0 || texts != NULL || names != NULL || name[0] == 0) {
    return 4;
  }
  *program = strdup(source);
  live_programs++;
  return 0;
}

int nvrtcDestroyProgram(char** program) {
  free(*program);
  *program = NULL;
  live_programs--;
  return 0;
}

int gatun_test_live_programs(void) { return live_programs; }

int nvrtcCompileProgram(char* program, int count, const char* const* options) {
  ptx_text[0] = 0;
  for (int i = 0; i < count; i++) {
    if (strncmp(options[i], "--", 2) != 0) {
      return 5;
    }
    strcat(strcat(ptx_text, options[i]), "\n");
  }
  strcat(ptx_text, program);
  snprintf(log_text, sizeof log_text, "k.cu(1): error: %s", program);
  return strncmp(program, "bad", 3) == 0 ? 6 : 0;
}

int nvrtcGetProgramLogSize(char* program, size_t* size) {
  (void)program;
  *size = strlen(log_text) + 1;
  return 0;
}

int nvrtcGetProgramLog(char* program, char* log) {
  (void)program;
  strcpy(log, log_text);
  return 0;
}

int nvrtcGetPTXSize(char* program, size_t* size) {
  (void)program;
  *size = strlen(ptx_text) + 1;
  return 0;
}

int nvrtcGetPTX(char* program, char* ptx) {
  (void)program;
  strcpy(ptx, ptx_text);
  return 0;
}

int nvmlInit_v2(void) { return 0; }

const char* nvmlErrorString(int result) { return result == 3 ? "Not Supported" : "Unknown Error"; }

int nvmlSystemGetDriverVersion(char* version, unsigned length) { return snprintf(version, length, "580.65.06") < (int)length ? 0 : 7; }

int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  *device = (void*)0x77;
  return strcmp(uuid, "GPU-00000000-0000-0000-0000-000000000001") == 0 ? 0 : 6;
}

int nvmlDeviceGetName(void* device, char* name, unsigned length) {
  (void)device;
  (void)length;
  strcpy(name, "NVIDIA Test");
  return 0;
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  *milliwatts = 312500;
  return device == (void*)0x77 ? 0 : 2;
}

int nvmlDeviceGetTemperature(void* device, int sensor, unsigned* celsius) {
  (void)device;
  *celsius = 41;
  return sensor == 0 ? 0 : 2;
}

int nvmlDeviceGetClockInfo(void* device, int clock, unsigned* megahertz) {
  (void)device;
  *megahertz = 1980;
  return clock == 1 ? 0 : 3;
}

static int depth = 0;

int nvtxRangePushA(const char* message) { return message[0] == 0 ? -1 : depth++; }

int nvtxRangePop(void) { return --depth; }

static int sessions = 0;
static void* last_stream = NULL;

int cublasCreate_v2(void** session) {
  sessions++;
  *session = malloc(1);
  return 0;
}

int cublasDestroy_v2(void* session) {
  free(session);
  sessions--;
  return 0;
}

int gatun_test_sessions(void) { return sessions; }

int cublasGetVersion_v2(void* session, int* version) {
  (void)session;
  *version = 130001;
  return 0;
}

int cublasSetStream_v2(void* session, void* stream) {
  (void)session;
  last_stream = stream;
  return stream == (void*)0x1 ? 0 : 1;
}

int cublasSetWorkspace_v2(void* session, void* memory, size_t bytes) {
  (void)session;
  return memory != NULL && bytes > 0 ? 0 : 7;
}

const char* cublasGetStatusString(int status) { return status == 7 ? "an unsupported value or parameter was passed to the function" : "other"; }

// C = alpha op(A) op(B) + beta C by columns, in single precision only.
int cublasGemmEx(void* session, int transa, int transb, int m, int n, int k, const void* alpha, const void* a, int atype, int lda, const void* b,
                 int btype, int ldb, const void* beta, void* c, int ctype, int ldc, int compute, int algorithm) {
  (void)session;
  if (atype != 0 || btype != 0 || ctype != 0 || compute != 68 || algorithm != -1 || last_stream == NULL) {
    return 7;
  }
  const float* fa = a;
  const float* fb = b;
  float* fc = c;
  for (int j = 0; j < n; j++) {
    for (int i = 0; i < m; i++) {
      float sum = 0;
      for (int p = 0; p < k; p++) {
        sum += (transa ? fa[p + (size_t)i * lda] : fa[i + (size_t)p * lda]) * (transb ? fb[j + (size_t)p * ldb] : fb[p + (size_t)j * ldb]);
      }
      float* to = fc + i + (size_t)j * ldc;
      *to = *(const float*)alpha * sum + (*(const float*)beta == 0 ? 0 : *(const float*)beta * *to);
    }
  }
  return 0;
}
