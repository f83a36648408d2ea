/** The backend on TornadoVM: {@link dev.gatun.tornado.TornadoProvider} is found by {@link java.util.ServiceLoader}, and nothing else here is for users. */
package dev.gatun.tornado;
