#pragma OPENCL EXTENSION cl_khr_fp64 : enable  
#pragma OPENCL EXTENSION cl_khr_fp16 : enable  
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable  
__kernel void ofNan(__global long *_kernel_context, __constant uchar *_constant_region, __local uchar *_local_region, __global int *_atomics, __global uchar *p, __global uchar *x)
{
  int i_6, i_3; 
  bool b_4; 
  long l_7, l_8, l_9; 
  float f_5; 
  ulong ul_10, ul_0, ul_1, ul_2; 

  // BLOCK 0
  ul_0  =  (ulong) p;
  ul_1  =  (ulong) x;
  ul_2  =  ul_0 + 16L;
  i_3  =  *((__global int *) ul_2);
  b_4  =  i_3 == 0;
  if(b_4)
  {
    // BLOCK 1
    f_5  =  NaNF;
  }  // B0
  else
  {
    // BLOCK 2
    f_5  =  1.0F;
  }  // B0
  // BLOCK 3 MERGES [1 2 ]
  i_6  =  get_global_id(0);
  l_7  =  (long) i_6;
  l_8  =  l_7 + 4L;
  l_9  =  l_8 << 2;
  ul_10  =  ul_1 + l_9;
  *((__global float *) ul_10)  =  f_5;
  return;
}  //  kernel
