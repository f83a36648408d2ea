/** The project's stand-in for TornadoVM's public API, under its module name, and the device that it emulates. */
module tornado.api {
  exports uk.ac.manchester.tornado.api;
  exports uk.ac.manchester.tornado.api.annotations;
  exports uk.ac.manchester.tornado.api.common;
  exports uk.ac.manchester.tornado.api.enums;
  exports uk.ac.manchester.tornado.api.exceptions;
  exports uk.ac.manchester.tornado.api.math;
  exports uk.ac.manchester.tornado.api.runtime;
  exports uk.ac.manchester.tornado.api.types;
  exports uk.ac.manchester.tornado.api.types.arrays;
}
