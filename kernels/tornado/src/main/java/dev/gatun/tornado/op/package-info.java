/** Operators: what decides about their cases, and the launches that do them. */
package dev.gatun.tornado.op;
