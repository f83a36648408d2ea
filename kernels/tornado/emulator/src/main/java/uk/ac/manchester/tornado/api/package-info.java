/**
 * The part of TornadoVM's API that the project uses, on a device that is emulated: same packages, names and descriptors, so that what is
 * compiled against this module runs on TornadoVM, and so that it runs here where there is none.
 *
 * <p>Device memory is separate from the host's. Each graph has a storage for each array object of its tasks, filled with garbage until
 * something is copied there; it stays until it is freed. A transfer to the device copies the whole array, header included, one to the host
 * the elements. TornadoVM besides leaves out uploads of arrays that its compiler finds are only written; the emulator does not.
 * {@linkplain uk.ac.manchester.tornado.api.TornadoExecutionPlan#mapOnDeviceMemoryRegion Mapping} makes one array's storage another's too,
 * whatever their sizes and types. In a kernel {@code getSize()} stays what the task's own array says, since TornadoVM compiles it in.
 *
 * <p>A task with a {@link uk.ac.manchester.tornado.api.KernelContext} runs once for each work-item of its
 * {@link uk.ac.manchester.tornado.api.WorkerGrid}, group by group; any other runs once, as the sequential Java that it is. The items of a
 * group meet at barriers and share local arrays, which are filled with garbage when the group starts. Items that do not all come to the
 * same barrier, and exceptions in a kernel, end the execution with a message that names task, group and item. Groups and items run upwards
 * in one execution and downwards in the next.
 *
 * <p>Refused, though TornadoVM may take it: global sizes that are no multiple of the group's, array arguments that no transfer names,
 * offsets of grids and mappings, barriers of all groups, and arguments other than native arrays, contexts and primitives.
 */
package uk.ac.manchester.tornado.api;
