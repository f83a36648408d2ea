/** The operators: for each one decision about a case, and the launches that follow from it. */
package dev.gatun.cuda.op;
